"""Videos and sounds: their containers and streams, and the fingerprints of videos with the anchors they are found by.

Revision: 0008, after 0007. Assets that are there already get them from `dam-cli run-systems`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ANCHORS = "video_anchors"


def required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def optional(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def create_component(name: str, *columns: sa.Column[Any], unique: tuple[str, ...] = ("entity_id",)) -> None:
    table = f"component_{name}"
    moment: dict[str, Any] = {"server_default": sa.func.now(), "nullable": False}
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), **moment),
        sa.Column("updated_at", sa.DateTime(timezone=True), **moment),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    create_component(
        "container",
        required("format", sa.String(128)),
        optional("duration", sa.Double()),
        optional("bit_rate", sa.BigInteger()),
        optional("created", sa.DateTime(timezone=True)),
        required("tags", sa.Text()),
    )
    create_component(
        "video_stream",
        required("stream_index", sa.Integer()),
        required("codec", sa.String(64)),
        required("width", sa.Integer()),
        required("height", sa.Integer()),
        optional("frame_rate", sa.Double()),
        optional("bit_rate", sa.BigInteger()),
        required("rotation", sa.Integer()),
        optional("pixel_format", sa.String(64)),
        required("is_cover", sa.Boolean()),
        unique=("entity_id", "stream_index"),
    )
    create_component(
        "audio_stream",
        required("stream_index", sa.Integer()),
        required("codec", sa.String(64)),
        required("sample_rate", sa.Integer()),
        required("channels", sa.Integer()),
        optional("bit_rate", sa.BigInteger()),
        optional("language", sa.String(16)),
        unique=("entity_id", "stream_index"),
    )
    create_component("video_fingerprint", required("pictures", sa.LargeBinary()))
    op.create_table(
        ANCHORS,
        sa.Column("entity_id", BIG_INT, autoincrement=False, nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        required("time", sa.BigInteger()),
        required("upper", sa.BigInteger()),
        required("lower", sa.BigInteger()),
        sa.PrimaryKeyConstraint("entity_id", "number", name=f"pk_{ANCHORS}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{ANCHORS}_entity_id_entities", ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )
    for half in ("upper", "lower"):
        op.create_index(f"ix_{ANCHORS}_{half}", ANCHORS, [half])


def downgrade() -> None:
    for table in (ANCHORS, *(f"component_{name}" for name in NAMES)):
        op.drop_table(table)


NAMES = ("video_fingerprint", "audio_stream", "video_stream", "container")
