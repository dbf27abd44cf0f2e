"""Keys of tags without case, rules about tags, what the user writes about assets, and collections.

Of tags of one asset that have the same key, the first is kept.

Revision: 0013, after 0012.
"""

import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String(765).with_variant(sa.String(765, collation="C"), "postgresql")
NOW: dict[str, Any] = {"server_default": sa.func.now(), "nullable": False}
PAGE = 5000


def component(name: str, unique: Sequence[str], *columns: sa.Column[Any]) -> list[Any]:
    """Return the name of a component's table, its columns and its constraints."""
    table = f"component_{name}"
    return [
        table,
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("entity_id", BIG_INT, nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), **NOW),
        sa.Column("updated_at", sa.DateTime(timezone=True), **NOW),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}"),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["entities.id"], name=f"fk_{table}_entity_id_entities", ondelete="CASCADE"
        ),
    ]


def upgrade() -> None:
    op.add_column("component_tag", sa.Column("tag_key", KEY, nullable=True))
    if not context.is_offline_mode():  # as when the schema of a new database is written
        fill_keys()
        complete_journal()
    op.drop_index("ix_component_tag_tag", "component_tag")
    tag = sa.Column("tag", sa.String(255), nullable=False), sa.Column("tag_key", KEY, nullable=True)
    as_it_is = sa.Table(*with_metadata(component("tag", ["entity_id", "tag"], *tag)))
    with op.batch_alter_table("component_tag", copy_from=as_it_is) as batch:
        batch.alter_column("tag_key", existing_type=KEY, nullable=False)
        batch.drop_constraint("uq_component_tag_entity_id_tag", type_="unique")
        batch.create_unique_constraint("uq_component_tag_entity_id_tag_key", ["entity_id", "tag_key"])
    op.create_index("ix_component_tag_tag_key_tag", "component_tag", ["tag_key", "tag"])
    create_rules()
    op.create_table(
        *component(
            "annotation",
            ["entity_id"],
            *(sa.Column(name, sa.Text(), nullable=True) for name in ("title", "description", "notes")),
            sa.Column("rating", sa.Integer(), nullable=True),
        )
    )
    op.create_table(
        *component(
            "collection",
            ["entity_id", "name_key"],
            sa.Column("name", sa.String(255), nullable=False),
            sa.Column("name_key", KEY, nullable=False),
            sa.Column("position", BIG_INT, nullable=False),
        )
    )
    op.create_index("ix_component_collection_name_key_position", "component_collection", ["name_key", "position"])


def with_metadata(described: Sequence[Any]) -> list[Any]:
    return [described[0], sa.MetaData(), *described[1:]]


def create_rules() -> None:
    op.create_table(
        "tag_rules",
        sa.Column("id", BIG_INT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("tag", sa.String(255), nullable=False),
        sa.Column("tag_key", KEY, nullable=False),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("target_key", KEY, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), **NOW),
        sa.PrimaryKeyConstraint("id", name="pk_tag_rules"),
        sa.UniqueConstraint("kind", "tag_key", "target_key", name="uq_tag_rules_kind_tag_key_target_key"),
        sqlite_autoincrement=True,
    )


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def fill_keys() -> None:
    tags = sa.table("component_tag", sa.column("id"), sa.column("entity_id"), sa.column("tag"), sa.column("tag_key"))
    change = tags.update().where(tags.c.id == sa.bindparam("row")).values(tag_key=sa.bindparam("key"))
    for page in pages(sa.select(tags.c.id, tags.c.tag), tags.c.id):
        op.get_bind().execute(change, [{"row": id_, "key": folded(tag)} for id_, tag in page])
    first = sa.select(sa.func.min(tags.c.id)).group_by(tags.c.entity_id, tags.c.tag_key)
    op.execute(tags.delete().where(tags.c.id.not_in(first)))


def complete_journal() -> None:
    """Give the tags in the journal their keys, and have the next command that writes put all rows in the manifest."""
    names = ("id", "table_name", "before", "after")
    changes = sa.table("operation_changes", *(sa.column(name) for name in names))
    change = (
        changes.update()
        .where(changes.c.id == sa.bindparam("row"))
        .values(before=sa.bindparam("old"), after=sa.bindparam("new"))
    )
    wanted = sa.select(changes.c.id, changes.c.before, changes.c.after).where(changes.c.table_name == "component_tag")
    for page in pages(wanted, changes.c.id):
        rows = [{"row": id_, "old": with_key(before), "new": with_key(after)} for id_, before, after in page]
        op.get_bind().execute(change, rows)
    op.execute("UPDATE library SET snapshot = ''")


def with_key(row: str | None) -> str | None:
    if row is None:
        return None
    values = json.loads(row)
    return json.dumps(values | {"tag_key": folded(values["tag"])}, ensure_ascii=False, separators=(",", ":"))


def pages(wanted: Any, id_: Any) -> Iterator[Sequence[Any]]:
    last = 0
    while page := op.get_bind().execute(wanted.where(id_ > last).order_by(id_).limit(PAGE)).all():
        yield page
        last = page[-1].id


def downgrade() -> None:
    for table in ("component_collection", "component_annotation", "tag_rules"):
        op.drop_table(table)
    op.drop_index("ix_component_tag_tag_key_tag", "component_tag")
    tag = sa.Column("tag", sa.String(255), nullable=False), sa.Column("tag_key", KEY, nullable=False)
    as_it_is = sa.Table(*with_metadata(component("tag", ["entity_id", "tag_key"], *tag)))
    with op.batch_alter_table("component_tag", copy_from=as_it_is) as batch:
        batch.drop_constraint("uq_component_tag_entity_id_tag_key", type_="unique")
        batch.create_unique_constraint("uq_component_tag_entity_id_tag", ["entity_id", "tag"])
        batch.drop_column("tag_key")
    op.create_index("ix_component_tag_tag", "component_tag", ["tag"])
