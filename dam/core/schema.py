"""The schema's revision: what the program has, what the database has. Knows nothing of Alembic.

Migrations are numbered: `0001_first_schema.py` is revision `0001`. So the newest revision that the program has is
the last file name, and older and newer can be told apart by comparing.
"""

import re
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import MultipleResultsFound, NoResultFound, OperationalError, ProgrammingError

from dam.core.errors import ForeignDatabaseError, NewerSchemaError, NoLibraryError, OutdatedSchemaError

PACKAGE = Path(__file__).parent.parent
REVISION = re.compile(r"\d{4}")
VERSION_TABLE = "alembic_version"
OWN_TABLES = {VERSION_TABLE, "entities", "library"}
"""Tables of a library of every schema."""

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
    return connection.dialect.has_table(connection, VERSION_TABLE)


def has_library(connection: Connection) -> bool:
    """Return whether a database has a library, of any schema; False where it is empty.

    Raises:
        ForeignDatabaseError: it has tables of another program.

    """
    names = set(inspect(connection).get_table_names()) - _tables_of_extensions(connection)
    revision = current_revision(connection) if VERSION_TABLE in names else None
    if revision is None and names <= {VERSION_TABLE}:  # also a library that was downgraded to nothing
        return False
    if revision is None or not REVISION.fullmatch(revision) or not names >= OWN_TABLES:
        raise _foreign(connection, names)
    return True


def _tables_of_extensions(connection: Connection) -> set[str]:
    """Return the tables that extensions of PostgreSQL have made, as PostGIS does: they are no other program's."""
    if connection.dialect.name != "postgresql":
        return set()
    statement = text(
        "SELECT c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid WHERE d.deptype = 'e'"
        " AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass"
    )
    return set(connection.scalars(statement))


def _foreign(connection: Connection, names: set[str]) -> ForeignDatabaseError:
    listed = ", ".join([*sorted(names)[:3], *(["…"] if len(names) > 3 else [])])  # noqa: PLR2004  an example
    return ForeignDatabaseError(
        f"{where(connection)} is the database of another program (it has the tables {listed}): give dam a database of "
        "its own, by DATABASE_URL"
    )


def where(connection: Connection) -> str:
    """Return the URL of a connection's database for a message, without its password."""
    return connection.engine.url.render_as_string(hide_password=True)


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the schema of a database that has the table for it; None after a downgrade to nothing."""
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def check_schema(connection: Connection) -> str:
    """Return the library's id if the database has the schema of this program; reads one row.

    Raises:
        NoLibraryError: the database has no library.
        ForeignDatabaseError: it has tables of another program.
        OutdatedSchemaError: its schema is older than the program's.
        NewerSchemaError: its schema is newer.

    """
    url = where(connection)
    if not connection.dialect.has_table(connection, "library") and not has_library(connection):
        raise NoLibraryError(f"there is no library at {url}: {SETUP_HINT}")
    try:
        revision, library_id = connection.execute(text("SELECT version_num, uuid FROM alembic_version, library")).one()
    except (OperationalError, ProgrammingError, NoResultFound, MultipleResultsFound) as exc:
        raise _foreign(connection, {"library"}) from exc
    head = head_revision()
    if not REVISION.fullmatch(revision):
        raise _foreign(connection, OWN_TABLES)
    if revision > head:
        raise NewerSchemaError(f"{url} has schema {revision}, this program knows {head}: install a newer dam")
    if revision < head:
        raise OutdatedSchemaError(f"{url} has schema {revision}, this program needs {head}: {SETUP_HINT}")
    return str(library_id)
