"""What image files say of themselves (EXIF, IPTC, XMP, sidecars), and the frames of animations.

Revision: 0011, after 0010. Assets that are there already get all this from `dam-cli run-systems`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def create_component(name: str, *columns: tuple[str, sa.types.TypeEngine[Any], bool]) -> None:
    table = f"component_{name}"
    moment: dict[str, Any] = {"server_default": sa.func.now(), "nullable": False}
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        *(sa.Column(column, kind, nullable=nullable) for column, kind, nullable in columns),
        sa.Column("created_at", sa.DateTime(timezone=True), **moment),
        sa.Column("updated_at", sa.DateTime(timezone=True), **moment),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("entity_id", name=f"uq_{table}_entity_id"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
    )


def upgrade() -> None:
    create_component(
        "animation",
        ("frames", sa.Integer(), False),
        ("duration_ms", BIG_INT, False),
        ("loops", sa.Integer(), True),
    )
    create_component(
        "camera",
        ("make", sa.Text(), True),
        ("model", sa.Text(), True),
        ("lens", sa.Text(), True),
    )
    create_component(
        "capture",
        ("local_time", sa.Text(), True),
        ("offset_minutes", sa.Integer(), True),
        ("moment", sa.DateTime(timezone=True), True),
        ("exposure_seconds", sa.Double(), True),
        ("aperture", sa.Double(), True),
        ("iso", sa.Integer(), True),
        ("focal_length", sa.Double(), True),
        ("orientation", sa.Integer(), True),
    )
    create_component(
        "description",
        ("title", sa.Text(), True),
        ("description", sa.Text(), True),
        ("artist", sa.Text(), True),
        ("copyright", sa.Text(), True),
        ("rating", sa.Integer(), True),
        ("keywords", sa.Text(), True),
    )
    create_component(
        "gps",
        ("latitude", sa.Double(), False),
        ("longitude", sa.Double(), False),
        ("altitude", sa.Double(), True),
    )
    create_component(
        "metadata",
        ("found", sa.Text(), False),
    )
    create_component(
        "xmp_sidecar",
        ("digest", sa.LargeBinary(), False),
        ("packet", sa.LargeBinary(), False),
    )


def downgrade() -> None:
    for name in ("xmp_sidecar", "metadata", "gps", "description", "capture", "camera", "animation"):
        op.drop_table(f"component_{name}")
