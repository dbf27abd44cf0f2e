"""A new database gets the newest schema at once: the very same that the migrations lead to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dam.core import schema
from dam.core.database import make_engine
from dam.services import full_text, setup
from dam.storage.local import LocalBlobStore
from tests.migrations.test_stairway import REVISIONS, migrate
from tests.migrations.test_stairway import schema as reflected

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")

OBJECTS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
    "postgresql": """
        SELECT table_name || '.' || ordinal_position, column_name || data_type || coalesce(column_default, '')
            FROM information_schema.columns WHERE table_schema = current_schema()
        UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
            FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
        UNION ALL SELECT sequencename, data_type::text || max_value
            FROM pg_sequences WHERE schemaname = current_schema()
        ORDER BY 1
    """,
}


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "store")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, 5)
    yield engine
    engine.dispose()


def objects(engine: Engine) -> list[tuple[str, str]]:
    """Every table, column, index, constraint and sequence as the database itself describes it."""
    with engine.connect() as connection:
        rows = connection.execute(text(OBJECTS[engine.dialect.name]))
        return [(name, "".join(described.split())) for name, described in rows]


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return schema.current_revision(connection)


def test_a_new_database_is_what_the_migrations_lead_to(
    engine: Engine, store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "migrate", None)
    assert setup.set_up(engine, store).before is None
    direct, described = reflected(engine), objects(engine)
    assert revision(engine) == REVISIONS[-1]
    assert len(described) > len(direct) > len(REVISIONS)
    migrate(engine, "base")
    migrate(engine, "head")
    with engine.begin() as connection:  # the full text is no migration's: it follows the declarations of the models
        full_text.make_indexes(connection)
    assert (reflected(engine), objects(engine)) == (direct, described)


def test_while_a_migration_is_being_written_all_of_them_run(
    engine: Engine, store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "SCHEMA_NOTICE", "-- Schema {}0, not this one")
    assert schema.newest_schema(engine.dialect.name) is None
    setup.set_up(engine, store)
    assert revision(engine) == REVISIONS[-1]


def test_after_a_downgrade_to_nothing_the_migrations_run(engine: Engine, store: LocalBlobStore) -> None:
    migrate(engine, "head")
    migrate(engine, "base")
    assert setup.set_up(engine, store).before is None
    assert revision(engine) == REVISIONS[-1]


def test_setting_up_again_runs_no_migration(
    engine: Engine, store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.set_up(engine, store)
    monkeypatch.setattr(setup, "migrate", None)
    assert setup.set_up(engine, store).before == REVISIONS[-1]
