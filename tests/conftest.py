"""What tests share: a library on a migrated schema, the program as a process, and small pictures."""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

# Before anything of dam is imported: no test may meet the library of whoever runs it.
os.environ["DATABASE_URL"] = "sqlite:////nonexistent/dam-tests/dam.sqlite3"
os.environ.pop("ASSET_STORAGE_PATH", None)
os.environ["DAM_LOG_LEVEL"] = "INFO"

import hypothesis
import pytest
from sqlalchemy.orm import Session

from dam.cli import app
from dam.core.database import make_engine, writing
from dam.core.interrupts import handle_interrupts, stop_watching
from dam.services.library import Library
from dam.services.processes.server import default_jobs
from dam.services.setup import set_up
from dam.storage.local import LocalBlobStore
from tests import compiled, forked, postgres, shared
from tests.in_process import at_start
from tests.in_process import run as run_in_process

for profile, max_examples in (("suite", 15), ("sweep", 100)):
    # Machines are noisy: no test is timed.
    hypothesis.settings.register_profile(profile, deadline=None, max_examples=max_examples)
hypothesis.settings.load_profile("suite")
compiled.share()

PROJECT = Path(__file__).parent.parent
TEST_DATA = Path(__file__).parent / "test_data"
PICTURES = TEST_DATA / "images"
DAM_CLI = str(Path(sys.executable).with_name("dam-cli"))
ANEW = "DAM_TESTS_ANEW" in os.environ
"""Whether the program is always a process of its own: slower, and as a user's."""
KEPT = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
"""What the program gets of the environment in which the tests run."""


gc.disable()  # until all tests are collected: that makes many objects, and frees none
GC_THRESHOLD = 10_000


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.set_threshold(GC_THRESHOLD, 20, 20)
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Return half as many again as there are cores: tests wait a quarter of their time, for locks and for processes."""
    return default_jobs() * 3 // 2


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared.use_memory()
        shared.make_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgres.stop()
        shared.remove_folder()


@pytest.fixture(scope="session")
def empty_library_folder() -> Path:
    """A folder with a library that has just been set up, to be copied: migrating takes time."""
    return shared.made_once("library", set_up_sqlite)


def set_up_sqlite(folder: Path) -> None:
    folder.mkdir()
    engine, store = make_engine(f"sqlite:///{folder / 'dam.sqlite3'}", 5), LocalBlobStore(folder / "store")
    set_up(engine, store)
    engine.dispose()
    store.close()


@pytest.fixture
def library_folder(empty_library_folder: Path, tmp_path: Path) -> Path:
    """A folder with an empty library: `dam.sqlite3` and `store`."""
    return Path(shutil.copytree(empty_library_folder, tmp_path / "library"))


@pytest.fixture
def library(library_folder: Path) -> Iterator[Library]:
    """An open empty library."""
    engine = make_engine(f"sqlite:///{library_folder / 'dam.sqlite3'}", 5)
    store = LocalBlobStore(library_folder / "store")
    library_id = (store.root / "dam-library-id").read_text().strip()
    yield Library(engine, store, library_id)
    store.close()
    engine.dispose()


@pytest.fixture
def db_session(library: Library) -> Iterator[Session]:
    """A session on the migrated schema; what is not committed is rolled back."""
    with writing(library.engine)() as session:
        yield session


@dataclass(frozen=True)
class Finished:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Dam:
    """The program on a library of its own; in this process, unless a process is the point."""

    folder: Path
    env: dict[str, str]
    prefix: tuple[str, ...] = ()
    is_process: bool = ANEW
    prepare: Callable[[], None] | None = None
    """Does in a fork what `prefix` does before an interpreter starts."""

    def __call__(
        self,
        *arguments: str | bytes | Path,
        input: bytes | None = None,  # noqa: A002  as subprocess.run calls it
        env: Mapping[str, str] = {},
        cwd: Path | None = None,
        code: int | None = 0,
    ) -> Finished:
        """Run `dam-cli`, expecting an exit code (None: any), and never a traceback.

        It is a process of its own where the test says so, or changes what an interpreter reads as it starts.
        """
        env, cwd = {**self.env, **env}, cwd or self.folder
        if not (self.prefix or self.is_process) and starts_as_usual(env):
            done = run_in_process(arguments, env, cwd, input)
        else:
            pipe = subprocess.PIPE
            with self.start(*arguments, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe) as process:
                done = subprocess.CompletedProcess(arguments, 0, *process.communicate(input))
            done.returncode = process.returncode
        finished = Finished(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in finished.err, finished.err
        assert code is None or finished.code == code, finished
        return finished

    def start(
        self, *arguments: str | bytes | Path, env: Mapping[str, str] | None = None, **options: Any
    ) -> "subprocess.Popen[Any]":
        """Start `dam-cli` as a process, forked from this one where its start is not the point."""
        env, options = self.env if env is None else env, {"cwd": self.folder} | options
        if self.is_process or (self.prefix and not self.prepare) or not starts_as_usual(env):
            return subprocess.Popen([*self.command, *arguments], env=env, **options)
        return forked.start(dam_cli, arguments, env, self.prepare, **options)

    @property
    def command(self) -> list[str]:
        return [*self.prefix, DAM_CLI]

    @property
    def store(self) -> Path:
        return self.folder / "store"


def dam_cli(arguments: list[str]) -> None:
    """Run the program."""
    app(args=arguments, prog_name="dam-cli")


def starts_as_usual(env: Mapping[str, str]) -> bool:
    """Whether an interpreter that starts with an environment finds in it what this one did."""
    return at_start(env) == at_start(KEPT | {"PYTHONUTF8": "1"})


def at_once(dam: Dam, *commands: Sequence[str]) -> list[tuple[int, str]]:
    """Start `dam-cli` with some commands together; return the exit codes and what was written to stderr."""
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    started = [dam.start(*command, **quiet) for command in commands]
    errors = [process.communicate()[1].decode() for process in started]
    return [(process.returncode, error) for process, error in zip(started, errors, strict=True)]


def dam_in(folder: Path, database: str | None = None) -> Dam:
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    if database:
        settings = {"DATABASE_URL": database, "ASSET_STORAGE_PATH": str(folder / "store")}
    else:  # the store is then beside it
        settings = {"DATABASE_URL": f"sqlite:///{folder / 'dam.sqlite3'}"}
    return Dam(folder, KEPT | settings | {"HOME": str(home), "PYTHONUTF8": "1"})


@pytest.fixture
def dam(library_folder: Path) -> Dam:
    """The program on an empty library."""
    return dam_in(library_folder)


@pytest.fixture
def real_dam(dam: Dam) -> Dam:
    """The program on an empty library, as a process of its own: where one is the point."""
    return replace(dam, is_process=True)


@pytest.fixture
def fresh_dam(tmp_path: Path) -> Dam:
    """The program where nothing is set up."""
    return dam_in(tmp_path / "fresh")


@pytest.fixture
def postgres_url() -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres.new_database()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database: the test runs on each."""
    return str(request.param)


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind."""
    if database == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'dam.sqlite3'}"


@pytest.fixture
def library_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of the database of an empty library with its store in `tmp_path`, on each kind of database."""
    if database == "postgres":
        return postgres.new_library(tmp_path / "store")
    shutil.copytree(request.getfixturevalue("empty_library_folder"), tmp_path, dirs_exist_ok=True)
    return f"sqlite:///{tmp_path / 'dam.sqlite3'}"


@pytest.fixture
def each_library(library_url: str, tmp_path: Path) -> Iterator[Library]:
    """An open empty library, on each kind of database."""
    engine = make_engine(library_url, 5)
    store = LocalBlobStore(tmp_path / "store")
    yield Library(engine, store, (store.root / "dam-library-id").read_text().strip())
    store.close()
    engine.dispose()


@pytest.fixture
def each_dam(library_url: str, tmp_path: Path) -> Dam:
    """The program on an empty library, on each kind of database."""
    return dam_in(tmp_path, library_url)


@pytest.fixture
def each_fresh_dam(database_url: str, tmp_path: Path) -> Dam:
    """The program where nothing is set up, on each kind of database."""
    return dam_in(tmp_path, database_url)


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program's handlers of SIGINT and SIGTERM, in this process."""
    monkeypatch.setattr("dam.core.interrupts.GRACE_SECONDS", 3600)  # this process is not to end
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handle_interrupts()
    yield
    stop_watching()
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ingests of this process take place a minute later: files that were just made have settled; see `FileState`."""
    from dam.services.ingest import staging

    monkeypatch.setattr(staging, "time_ns", lambda: time.time_ns() + 60_000_000_000)


@pytest.fixture
def make_image(tmp_path: Path) -> Callable[..., Path]:
    """Make a picture with enough in it for a perceptual hash: `make_image("a.jpg", seed=1, size=(320, 240))`."""
    import numpy as np
    from PIL import Image

    def make(name: str, seed: int = 1, size: tuple[int, int] = (320, 240), mode: str = "RGB", **save: Any) -> Path:
        coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).convert(mode).save(path, **save)
        return path

    return make


def bindable() -> bool:
    """Whether this user may mount: root with the right to."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@pytest.fixture
def mount() -> Iterator[Callable[..., None]]:
    """Mount with the given arguments, the last of them the place; or skip. Unmounted at the end."""
    mounted: list[str] = []

    def mount(*arguments: str | Path) -> None:
        if not bindable():
            pytest.skip("only root can mount")
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")
        if str(arguments[-1]) not in mounted:
            mounted.append(str(arguments[-1]))

    yield mount
    for place in reversed(mounted):
        subprocess.run(["umount", "--lazy", place], check=True)
