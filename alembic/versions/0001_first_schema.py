"""first schema.

Revision: 0001, the first.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)


def create_component(name: str, *columns_and_constraints: sa.schema.SchemaItem) -> None:
    """Create the table of a component: what all have, and what this one adds."""
    table = f"component_{name}"
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        *columns_and_constraints,
        moment("created_at"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
    )


def unique(name: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_component_{name}_{'_'.join(columns)}")


def required(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.create_table(
        "entities",
        sa.Column("id", BIG_INT, nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_entities"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "library",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        required("uuid", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name="pk_library"),
        sa.CheckConstraint("id = 1", name=op.f("ck_library_only_one")),
    )
    op.create_table(
        "system_sets",
        sa.Column("id", BIG_INT, nullable=False),
        required("systems", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_system_sets"),
        sa.UniqueConstraint("systems", name="uq_system_sets_systems"),
    )
    op.create_table(
        "system_records",
        sa.Column("entity_id", BIG_INT, autoincrement=False, nullable=False),
        required("system_set_id", BIG_INT),
        sa.PrimaryKeyConstraint("entity_id", name="pk_system_records"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name="fk_system_records_entity_id_entities", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["system_set_id"], ["system_sets.id"], name="fk_system_records_system_set_id_system_sets"
        ),
    )
    op.create_index("ix_system_records_system_set_id", "system_records", ["system_set_id"])

    create_component(
        "file_location",
        required("file_identifier", sa.String(255)),
        required("storage_type", sa.String(64)),
        unique("file_location", "entity_id", "storage_type"),
        unique("file_location", "file_identifier", "storage_type"),
    )
    create_component(
        "file_properties",
        required("original_filename", sa.Text()),
        required("file_size_bytes", sa.BigInteger()),
        required("media_type", sa.String(255)),
        unique("file_properties", "entity_id"),
    )
    create_component(
        "content_hash_sha256",
        required("hash_value", sa.LargeBinary()),
        unique("content_hash_sha256", "entity_id"),
        unique("content_hash_sha256", "hash_value"),
    )
    create_component(
        "content_hash_md5",
        required("hash_value", sa.LargeBinary()),
        unique("content_hash_md5", "entity_id"),
    )
    op.create_index("ix_component_content_hash_md5_hash_value", "component_content_hash_md5", ["hash_value"])
    create_component(
        "dimensions",
        required("width", sa.Integer()),
        required("height", sa.Integer()),
        unique("dimensions", "entity_id"),
    )
    for kind in ("phash", "ahash", "dhash"):
        name = f"image_perceptual_hash_{kind}"
        create_component(name, required("hash_value", sa.BigInteger()), unique(name, "entity_id"))
    create_component(
        "source_path",
        required("path", sa.LargeBinary()),
        required("path_digest", sa.LargeBinary()),
        required("folder_digest", sa.LargeBinary()),
        required("path_display", sa.Text()),
        required("filename", sa.Text()),
        required("size", sa.BigInteger()),
        required("mtime_ns", sa.BigInteger()),
        required("inode", sa.BigInteger()),
        unique("source_path", "entity_id", "path_digest"),
    )
    for column in ("path_digest", "folder_digest"):
        op.create_index(f"ix_component_source_path_{column}", "component_source_path", [column])
    create_component("tag", required("tag", sa.String(255)), unique("tag", "entity_id", "tag"))
    op.create_index("ix_component_tag_tag", "component_tag", ["tag"])
    create_component(
        "system_failure",
        required("system", sa.String(64)),
        required("version", sa.Integer()),
        required("reason", sa.Text()),
        unique("system_failure", "entity_id", "system"),
    )


def downgrade() -> None:
    for name in (
        "system_failure",
        "tag",
        "source_path",
        "image_perceptual_hash_dhash",
        "image_perceptual_hash_ahash",
        "image_perceptual_hash_phash",
        "dimensions",
        "content_hash_md5",
        "content_hash_sha256",
        "file_properties",
        "file_location",
    ):
        op.drop_table(f"component_{name}")
    for table in ("system_records", "system_sets", "library", "entities"):
        op.drop_table(table)
