"""The journal, the trash, replaced assets, checks of blobs and of derived rows, mirrors, the manifest, change times.

Revision: 0012, after 0011.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOW: dict[str, Any] = {"server_default": sa.func.now(), "nullable": False}


def create_component(name: str, key: list[str], column: str, *more: sa.ForeignKeyConstraint) -> None:
    table = f"component_{name}"
    op.create_table(
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        sa.Column(column, BIG_INT, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), **NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), **NOW),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*key, name=f"uq_{table}_{'_'.join(key)}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
        *more,
    )


def upgrade() -> None:
    op.create_table(
        "operations",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("undoes_id", BIG_INT, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), **NOW),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        sa.ForeignKeyConstraint(["undoes_id"], ["operations.id"], name="fk_operations_undoes_id_operations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operations_undoes_id", "operations", ["undoes_id"])
    op.create_index("ix_operations_created_at", "operations", ["created_at"])
    op.create_table(
        "operation_changes",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("operation_id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=True),
        sa.Column("other_entity_id", BIG_INT, nullable=True),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operation_changes"),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name="fk_operation_changes_operation_id_operations",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_operation_changes_operation_id", "operation_changes", ["operation_id"])
    op.create_index("ix_operation_changes_entity_id", "operation_changes", ["entity_id"])
    op.create_index("ix_operation_changes_other_entity_id", "operation_changes", ["other_entity_id"])
    create_component("trashed", ["entity_id"], "operation_id")
    create_component(
        "replaced",
        ["entity_id", "by_entity_id"],
        "by_entity_id",
        sa.ForeignKeyConstraint(
            ["by_entity_id"],
            ["entities.id"],
            name="fk_component_replaced_by_entity_id_entities",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_component_replaced_by_entity_id", "component_replaced", ["by_entity_id"])
    op.create_table(
        "blob_checks",
        sa.Column("store_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "sha256", name="pk_blob_checks"),
    )
    op.create_index("ix_blob_checks_store_id_checked_at", "blob_checks", ["store_id", "checked_at"])
    op.create_table(
        "mirrors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), **NOW),
        sa.PrimaryKeyConstraint("id", name="pk_mirrors"),
        sa.UniqueConstraint("name", name="uq_mirrors_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "manifest_records",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_manifest_records"),
        sqlite_autoincrement=True,
    )
    op.add_column("library", sa.Column("snapshot", sa.Text(), nullable=True))
    op.add_column("component_source_path", sa.Column("ctime_ns", sa.BigInteger(), nullable=True))
    op.add_column("system_records", sa.Column("rows_crc32", BIG_INT, nullable=True))


def downgrade() -> None:
    op.drop_column("system_records", "rows_crc32")
    op.drop_column("component_source_path", "ctime_ns")
    op.drop_column("library", "snapshot")
    for table in (
        "manifest_records",
        "mirrors",
        "blob_checks",
        "component_replaced",
        "component_trashed",
        "operation_changes",
        "operations",
    ):
        op.drop_table(table)
