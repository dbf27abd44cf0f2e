"""The schema's revision: what the program has, what the database has. Knows nothing of Alembic.

Migrations are numbered: `0001_first_schema.py` is revision `0001`. So the newest revision that the program has is
the last file name, and older and newer can be told apart by comparing.
"""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import MultipleResultsFound, NoResultFound, OperationalError, ProgrammingError

from dam.core.errors import NewerSchemaError, NoLibraryError, OutdatedSchemaError

PACKAGE = Path(__file__).parent.parent
SETUP_HINT = "set it up with: dam-cli setup-db"
SCHEMA_NOTICE = "-- Schema {}, written by doc/generate.py from the migrations: do not edit.\n\n"


def migrations_path() -> Path:
    """Return the folder of the migrations: in the package once installed, beside it in a checkout."""
    installed = PACKAGE / "migrations"
    return installed if installed.is_dir() else PACKAGE.parent / "alembic"


def head_revision() -> str:
    """Return the newest revision that this program has a migration for."""
    return max(path.name.partition("_")[0] for path in (migrations_path() / "versions").glob("[0-9]*.py"))


def schema_file(dialect: str) -> Path:
    """Return the file with the statements that make the newest schema at once."""
    return migrations_path() / "schema" / f"{dialect}.sql"


def newest_schema(dialect: str) -> list[str] | None:
    """Return the statements that make the newest schema in an empty database.

    None where the file is older than the newest migration, as while one is being written.
    """
    notice, content = SCHEMA_NOTICE.format(head_revision()), schema_file(dialect).read_text(encoding="utf-8")
    return content.removeprefix(notice).strip(";\n").split(";\n\n") if content.startswith(notice) else None


def has_revisions(connection: Connection) -> bool:
    """Return whether a database has the table with its schema revision."""
    return connection.dialect.has_table(connection, "alembic_version")


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the schema of a database that has the table for it; None after a downgrade to nothing."""
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def check_schema(connection: Connection) -> str:
    """Return the library's id if the database has the schema of this program; reads one row.

    Raises:
        NoLibraryError: the database has no library.
        OutdatedSchemaError: its schema is older than the program's.
        NewerSchemaError: its schema is newer.

    """
    where = connection.engine.url.render_as_string(hide_password=True)
    missing = NoLibraryError(f"there is no library at {where}: {SETUP_HINT}")
    if not connection.dialect.has_table(connection, "library"):
        raise missing
    try:
        revision, library_id = connection.execute(text("SELECT version_num, uuid FROM alembic_version, library")).one()
    except (OperationalError, ProgrammingError, NoResultFound, MultipleResultsFound) as exc:
        raise missing from exc  # another program's table of that name
    head = head_revision()
    if revision > head:
        raise NewerSchemaError(f"{where} has schema {revision}, this program knows {head}: install a newer dam")
    if revision < head:
        raise OutdatedSchemaError(f"{where} has schema {revision}, this program needs {head}: {SETUP_HINT}")
    return str(library_id)
