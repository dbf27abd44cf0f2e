"""How Alembic reaches the database: over the connection it is handed, or the configured one."""

import warnings
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.sql.functions import now
from sqlalchemy.types import TypeDecorator

from dam.core import database
from dam.core.config import settings
from dam.models import Base, all_models

# On SQLite, neither SQLAlchemy nor Alembic looks at indexes on expressions; tests/migrations/test_stairway.py does.
warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
all_models()  # the metadata has the tables of the modules that have been imported


def number_the_revision(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Give a new revision the next number instead of a random id: the schema check compares them."""
    head = ScriptDirectory.from_config(context.config).get_current_head()
    for script in directives:
        script.rev_id = f"{int(head or 0) + 1:04d}"


def render_plainly(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write a column type or default as any database takes it, whichever database the developer has.

    Of dam's own types, what the database sees of them: a migration must not change with the program.
    """
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), now):
        return "sa.func.now()"
    return False


def is_ours(name: str | None, _kind: str, _parents: Any) -> bool:
    """Return whether the models declare an object as a table or index: the full text has its own, see setup-db."""
    return not (name or "").startswith("search_")


def migrate(connection: Connection) -> None:
    """Run the migrations asked for in one transaction, also on SQLite."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=is_ours,
        process_revision_directives=number_the_revision,
        render_item=render_plainly,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    dialect = context.config.attributes.get("dialect")  # from doc/generate.py, which has no database
    where = {"dialect_name": dialect} if dialect else {"url": settings.DATABASE_URL}
    context.configure(**where, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif handed := context.config.attributes.get("connection"):
    migrate(handed)
else:
    database.make_folder(settings.sqlite_path)
    with database.default_engine().begin() as own:
        migrate(own)
