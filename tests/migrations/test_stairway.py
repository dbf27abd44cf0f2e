"""Each migration goes up, down and up again, and leads to what the models say; on SQLite and PostgreSQL."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from dam.core.database import make_engine
from dam.core.schema import head_revision, migrations_path
from dam.models import Base, all_models

# On SQLite, neither SQLAlchemy nor Alembic looks at indexes on expressions: those are compared as text below.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(migrations_path()))


REVISIONS = [script.revision for script in reversed(list(scripts().walk_revisions()))]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, 5)
    yield engine
    engine.dispose()


def migrate(engine: Engine, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_path()))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        now = MigrationContext.configure(connection).get_current_revision() or "base"
        up = to != "base" and (now == "base" or now < to)
        (command.upgrade if up else command.downgrade)(config, to)


def schema(engine: Engine) -> dict[str, object]:
    """What a database says of its tables. All tables at once: one by one, that is a statement for each."""
    with engine.connect() as connection:
        found = inspect(connection)
        columns = {
            table: sorted((column["name"], str(column["type"]), column["nullable"]) for column in listed)
            for (_, table), listed in found.get_multi_columns().items()
        }
        listed_by_table: list[Mapping[Any, Any]] = [
            found.get_multi_pk_constraint(),
            found.get_multi_foreign_keys(),
            found.get_multi_unique_constraints(),
            found.get_multi_check_constraints(),
            found.get_multi_indexes(),
        ]
    rest = [{table: as_text(listed) for (_, table), listed in each.items()} for each in listed_by_table]
    return {"indexes on expressions": indexes_as_text(engine)} | {
        table: (columns[table], *(each[table] for each in rest)) for table in columns if table != "alembic_version"
    }


def as_text(listed: Mapping[str, Any] | list[Mapping[str, Any]]) -> list[str]:
    return sorted(map(described, listed)) if isinstance(listed, list) else [str(listed)]


def described(item: Mapping[str, Any]) -> str:
    """A key, constraint or index as text; the condition of a partial one is an object, and each is another."""
    options = {name: str(value) for name, value in item.get("dialect_options", {}).items()}
    return str({**item, "dialect_options": options})


def indexes_as_text(engine: Engine) -> list[str]:
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        rows = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%((%'"))
        return sorted(rows)


def test_revisions_are_numbered_without_a_gap_or_a_branch() -> None:
    assert [int(revision) for revision in REVISIONS] == list(range(1, len(REVISIONS) + 1))
    assert scripts().get_heads() == [head_revision()] == [REVISIONS[-1]]


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_file_is_named_after_its_revision(revision: str) -> None:
    [file] = (migrations_path() / "versions").glob(f"{revision}_*.py")
    assert scripts().get_revision(revision).path == str(file)


def test_up_down_and_up_again(engine: Engine) -> None:
    above = schema(engine)
    for before, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        below = above
        migrate(engine, revision)
        above = schema(engine)
        migrate(engine, before)
        assert schema(engine) == below
        migrate(engine, revision)
        assert schema(engine) == above


def test_the_migrations_lead_to_the_models(engine: Engine) -> None:
    all_models()
    migrate(engine, "head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_migrated_database_is_what_the_models_would_create(engine: Engine) -> None:
    """Alembic's comparison does not look at primary keys, check constraints and their names."""
    migrate(engine, "head")
    migrated = schema(engine)
    migrate(engine, "base")
    Base.metadata.create_all(engine)
    assert migrated == schema(engine)
