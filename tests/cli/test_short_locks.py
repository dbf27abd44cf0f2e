"""No command holds a transaction while it prints, or reads or decodes a file; and none decodes but in workers."""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from dam.media.sample import Sample
from dam.services.processes import pool
from dam.services.processes.isolated import IsolatedRun
from dam.services.processes.workers import Workers
from tests import in_process, shared
from tests.cli.every_command import arguments_of, commands, make_library
from tests.conftest import Dam, dam_in

SHA256_DIGITS = 64
"""Length of the name of a blob."""


class Watch:
    """Notes what happens while a connection to the database is in a transaction."""

    folder: Path | None = None
    connections: list[Any] = []  # noqa: RUF012  there is one watch
    seen: list[str] = []  # noqa: RUF012
    process = 0
    decoded: list[str] = []  # noqa: RUF012
    """Where this process was about to decode a file."""

    @classmethod
    def note(cls, action: str) -> None:
        for connection in cls.connections:
            with suppress(Exception):  # it is closed
                if connection.in_transaction:
                    where = "".join(traceback.format_stack(limit=14)[:-1])
                    cls.seen.append(f"{action} in a transaction:\n{where}")


def _on_open(name: str, arguments: tuple[Any, ...]) -> None:
    if name == "open" and Watch.folder and isinstance(arguments[0], str | bytes | os.PathLike):
        path = Path(os.fsdecode(arguments[0]))
        inside = path.parts[len(Watch.folder.parts) :] if path.is_relative_to(Watch.folder) else ("",)
        if inside[0] in ("sources", "new") or len(path.name) == SHA256_DIGITS:
            Watch.note(f"opened {path}")


sys.addaudithook(_on_open)


class Output(io.TextIOWrapper):
    """The standard output of a command that is watched."""

    def write(self, text: str) -> int:
        Watch.note("printed")
        return super().write(text)


def _opened(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
    if file != 1:
        return open(file, mode, *rest, **options)
    return Output(io.FileIO(1, "w", closefd=False), options["encoding"], options["errors"])


@contextmanager
def watched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Watch the commands that run in this process."""

    def noting(target: Any, name: str) -> None:
        original = getattr(target, name)

        def note(*args: Any, **options: Any) -> Any:
            Watch.note(f"asked a worker ({name})")
            return original(*args, **options)

        monkeypatch.setattr(target, name, note)

    def connected(connection: Any, _: Any) -> None:
        Watch.connections.append(connection)

    def made(sample: Any, *args: Any, **options: Any) -> None:
        if os.getpid() == Watch.process:
            Watch.decoded.append("".join(traceback.format_stack(limit=14)[:-1]))
        make(sample, *args, **options)

    make = Sample.__init__
    monkeypatch.setattr(Sample, "__init__", made)
    noting(IsolatedRun, "result")
    noting(pool._Chunk, "wait")
    noting(Workers, "submit")
    monkeypatch.setattr(in_process, "open", _opened, raising=False)
    event.listen(Engine, "connect", connected)
    Watch.folder, Watch.connections, Watch.seen = folder, [], []
    Watch.process, Watch.decoded = os.getpid(), []
    try:
        yield Watch.seen
    finally:
        event.remove(Engine, "connect", connected)
        Watch.folder, Watch.connections = None, []


def make_filled(folder: Path) -> None:
    empty = shared.folder() / "library"
    shutil.copytree(empty, folder)
    make_library(dam_in(folder))


@pytest.fixture
def filled(empty_library_folder: Path, tmp_path: Path) -> Dam:
    """The program on a library with something of each kind."""
    del empty_library_folder  # it has been made
    made = shared.made_once("filled-library", make_filled)
    return dam_in(Path(shutil.copytree(made, tmp_path / "library", symlinks=True)))


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_a_command_holds_no_lock_while_it_prints_reads_or_decodes_and_decodes_in_workers_only(
    filled: Dam, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for arguments in arguments_of(name, filled.folder):
        with watched(filled.folder, monkeypatch) as seen:
            done = filled(*name.split(), *arguments, code=None)
        assert done.code != 2, done.err
        assert not seen, f"{name} {arguments}: {len(seen)} times; the first:\n{seen[0]}"
        assert bool(Watch.decoded) == ("-j0" in arguments), f"{name} {arguments}:\n{Watch.decoded}"


NUMBERS = "WITH RECURSIVE numbers(value) AS (SELECT 10 UNION ALL SELECT value + 1 FROM numbers LIMIT 5000)"
"""More lines than a pipe holds."""
FILL = {
    "failures": """
        INSERT INTO ingest_failures (path, path_digest, path_display, reason, failed_at, mode, tags)
        SELECT 'gone', randomblob(32), 'gone/' || value, 'No such file or directory', '2026-01-01 00:00:00', 'copy', ''
        FROM numbers""",
    "verdicts": """
        INSERT INTO component_verdict (entity_id, other_entity_id, verdict, created_at, updated_at)
        SELECT 1, value, 'unrelated', '2026-01-01 00:00:00', '2026-01-01 00:00:00'
        FROM numbers""",
}


@pytest.mark.parametrize("command", FILL)
def test_a_reader_that_does_not_read_stops_no_writer(filled: Dam, command: str) -> None:
    """As in `dam-cli failures | less`."""
    with closing(sqlite3.connect(filled.folder / "dam.sqlite3")) as connection, connection:
        connection.execute(NUMBERS + FILL[command])
    with subprocess.Popen(
        [*filled.command, command], env=filled.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader:
        assert reader.stdout
        assert reader.stdout.read(1)  # it has begun to print; the pipe is full soon
        filled("tag", "add", "1", "sky", env={"DAM_LOCK_TIMEOUT": "5"})
        reader.stdout.close()
    assert reader.returncode == 141
