"""Write what derives from the program: reference pages, the manual page, and the newest schema from the migrations.

`python doc/generate.py` writes them; with `--check` it changes nothing, and exits 1 when one is not up to date.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from man_page import man_page
from sqlalchemy import CheckConstraint, Column, Table, UniqueConstraint, inspect

from dam.cli import app
from dam.core.schema import SCHEMA_NOTICE, head_revision, migrations_path, schema_file
from dam.media.hamming.bands import BAND_BITS, BANDS
from dam.models import component_classes
from dam.models.base_component import BaseComponent
from dam.models.types import HexDigest, JsonText, PerceptualHash, UtcDateTime
from dam.services.query.fields import ALIASES, SPECIAL, fields
from dam.systems.system import System, all_systems

DOC = Path(__file__).parent
PROGRAM = "dam-cli"
NOTICE = "<!-- Written by doc/generate.py: do not edit. -->"

COMMON = ("id", "entity_id", "created_at", "updated_at")
MEANT: dict[type, str] = {
    JsonText: "list or table, kept as JSON text",
    HexDigest: "hexadecimal digits, kept as bytes",
    PerceptualHash: "16 hexadecimal digits, kept as 64 bits",
}


def cli_page() -> str:
    """Return the reference of the commands: the help of the program, of every group and of every command."""
    parts = ["# Command line", NOTICE, "What `--help` says. See [exit codes](exit_codes.md) and [JSON](json.md)."]
    for words, text in _help_pages():
        title = " ".join((PROGRAM, *words))
        parts += [f"## {title}", f"```text\n{text}\n```"]
    return "\n\n".join(parts) + "\n"


def _help_pages() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the words that lead to a command, and its help: each group before its commands."""
    level: list[tuple[str, ...]] = [()]
    while level:
        words = level.pop(0)
        text = _help(words)
        yield words, text
        level = [(*words, name) for name in _commands_in(text)] + level


def _help(words: tuple[str, ...]) -> str:
    written = StringIO()
    with redirect_stdout(written), suppress(SystemExit):
        app([*words, "--help"], prog_name=PROGRAM)
    return "\n".join(line.rstrip() for line in written.getvalue().strip().splitlines())


def _commands_in(text: str) -> list[str]:
    return re.findall(r"^  ([a-z][a-z-]*)", text.partition("\nCommands:\n")[2], re.MULTILINE)


def manual() -> str:
    """Return the manual page, whose lines fit 80 columns."""
    width, os.environ["COLUMNS"] = os.environ["COLUMNS"], "78"
    try:
        return man_page(_help_pages())
    finally:
        os.environ["COLUMNS"] = width


def components_page() -> str:
    """Return the list of all components: what they hold, and which systems produce them."""
    parts = [
        "# Components",
        NOTICE,
        "Every component also has `id`, `entity_id` (the asset; deleted with it), `created_at` and `updated_at`.",
    ]
    for kind in component_classes():
        parts += [f"## {kind.component_name()}", *_described(kind)]
    return "\n\n".join(parts) + "\n"


def _described(kind: type[BaseComponent]) -> Iterator[str]:
    table = inspect(kind).local_table
    assert isinstance(table, Table)  # noqa: S101  no model maps a join
    yield f"`{kind.__name__}`, table `{table.name}`."
    yield re.sub(r"\n +", "\n", (kind.__doc__ or "").strip())
    rows = [f"| `{column.name}` | {_type(column)} |" for column in table.columns if column.name not in COMMON]
    yield "\n".join(["| column | type |", "|---|---|", *rows])
    yield "\n".join(f"- {rule}" for rule in _rules(table))
    for system in all_systems():
        if system.produces is kind:
            yield _system(system)


def _type(column: Column[object]) -> str:
    kind = type(column.type)
    name = "date-time (UTC)" if kind is UtcDateTime else MEANT.get(kind) or str(column.type).lower()
    return f"{name}, may be null" if column.nullable else name


def _rules(table: Table) -> Iterator[str]:
    for constraint in sorted(table.constraints, key=lambda constraint: str(constraint.name)):
        if isinstance(constraint, UniqueConstraint):
            yield f"unique: {_names(constraint.columns)}"
        elif isinstance(constraint, CheckConstraint):
            yield f"check: `{constraint.sqltext}`"
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if len(index.columns):
            yield f"index: {_names(index.columns)}"
        elif index.name == f"ix_{table.name}_band_{BANDS[0]}":
            yield f"index: each of {len(BANDS)} bands of {BAND_BITS} bits of `hash_value`"


def _names(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(f"`{column.name}`" for column in columns)


def _system(system: System) -> str:
    kinds = ", ".join(sorted(system.kinds))
    summary = (system.run.__doc__ or "").strip()
    return f"Produced by the system `{system.name}`, version {system.version}, for: {kinds}. {summary}"


def schema_sql(dialect: str) -> str:
    """Return the statements of all migrations on an empty database, but for the stamps with their revisions."""
    output = StringIO()
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(migrations_path()))
    config.attributes["dialect"] = dialect
    command.upgrade(config, "head", sql=True)
    text = re.sub(r"^-- .*\n|[ \t]+$", "", output.getvalue(), flags=re.MULTILINE)
    left_out = ("BEGIN", "COMMIT", "INSERT INTO alembic_version", "UPDATE alembic_version")
    kept = [each for each in map(str.strip, text.split(";\n")) if each and not each.startswith(left_out)]
    return SCHEMA_NOTICE.format(head_revision()) + ";\n\n".join(kept) + ";\n"


def fields_page() -> str:
    """Return the list of all fields of queries: the short names, then every column."""
    parts = ["# Fields of queries", NOTICE, "See [queries](query.md). Short names:"]
    short = [f"| `{name}` | {about} | see [queries](query.md) |" for name, about in SPECIAL.items()]
    for name, alias in ALIASES.items():
        columns = ", ".join(f"`{each}`" for each in alias.fields if each in fields())
        if columns:
            short.append(f"| `{name}` | {alias.about} | {columns} |")
    parts.append("\n".join(["| name | meaning | columns |", "|---|---|---|", *sorted(short)]))
    rows = [f"| `{name}` | {field.type} |" for name, field in sorted(fields().items())]
    parts += ["All columns:", "\n".join(["| field | type |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


GENERATED: dict[Path, Callable[[], str]] = {
    DOC / "cli.md": cli_page,
    DOC / "dam-cli.1": manual,
    DOC / "components.md": components_page,
    DOC / "query_fields.md": fields_page,
    **{schema_file(dialect): partial(schema_sql, dialect) for dialect in ("sqlite", "postgresql")},
}


def main() -> int:
    """Write or check the files; return the exit code."""
    checking = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not checking:
        sys.exit(__doc__)
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    stale = 0
    for path, make in GENERATED.items():
        name, text = path.relative_to(DOC.parent), make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if checking:
            print(f"{name} is not up to date: run python doc/generate.py")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return int(checking and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
