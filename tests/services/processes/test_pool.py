"""The pool, with real worker processes, and systems that take them down."""

import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from dam.core.errors import StoreError
from dam.services.ingest.examine import Examined, ExamineRequest, ReanalyseRequest
from dam.services.processes import pool as module
from dam.services.processes.isolated import NotStartedError
from dam.services.processes.limits import Limits
from dam.services.processes.pool import MAX_CHUNK_BYTES, MAX_CHUNK_ITEMS, MIN_CHUNKS_AHEAD, Pool
from dam.services.processes.server import start_server
from dam.services.processes.workers import Workers
from dam.storage.local import LocalBlobStore
from dam.systems import system as registry
from tests.services.obedient import MEGABYTE, obedient, use_obedient

MAX_CHUNK_FILES = 4
"""Fewer than in earnest: each file of a culprit's chunk takes a process of its own."""
LIMITS = Limits(seconds=3600, memory_bytes=3000 * MEGABYTE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalBlobStore]:
    store = LocalBlobStore(tmp_path / "store")
    yield store
    store.close()


MakePool = Callable[..., Pool]


@pytest.fixture
def make_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePool]:
    """Make a pool that has only the obedient system."""
    start_server()
    monkeypatch.setattr(registry, "all_systems", lambda: (obedient,))
    monkeypatch.setattr(module, "MAX_CHUNK_FILES", MAX_CHUNK_FILES)
    pools = []

    def make(jobs: int = 2, limits: Limits = LIMITS, make_executor: Callable[[], Executor] | None = None) -> Pool:
        pools.append(Pool(jobs, limits, make_executor, use_obedient))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()
    assert multiprocessing.active_children() == []


MakeJobs = Callable[..., list[ExamineRequest]]


@pytest.fixture
def make_jobs(tmp_path: Path, store: LocalBlobStore) -> MakeJobs:
    def make(*contents: str) -> list[ExamineRequest]:
        jobs = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{number:04}.txt"
            path.write_text(content)
            jobs.append(ExamineRequest(str(path), len(content), store=store))
        return jobs

    return make


def widths(results: list[Examined]) -> list[object]:
    """What was found of each file: the width, or why not."""
    return [
        found.error or (found.analysis and (found.analysis.error or found.analysis.rows[0][1]["width"]))
        for found in results
    ]


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_order_is_kept_with_other_items_in_between(make_pool: MakePool, make_jobs: MakeJobs, jobs: int) -> None:
    made = make_jobs(*("x" * (1 + number % 18) for number in range(3 * MAX_CHUNK_FILES + 5)))
    items = [thing for number, job in enumerate(made) for thing in (f"before {number}", job, f"after {number}")]
    mapped: Iterator[str | Examined] = make_pool(jobs).map(items)
    results = list(mapped)
    assert [found.path if isinstance(found, Examined) else found for found in results] == [
        item.path if isinstance(item, ExamineRequest) else item for item in items
    ]
    assert widths([found for found in results if isinstance(found, Examined)]) == [job.size for job in made]


def test_no_items_and_no_jobs(make_pool: MakePool) -> None:
    assert list(make_pool().map([])) == []
    assert list(make_pool().map(["a", "b"])) == ["a", "b"]


def test_several_workers_share_the_work_and_this_process_does_none(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    results = list(make_pool(2).map(make_jobs(*["x"] * 5 * MAX_CHUNK_FILES)))
    assert os.getpid() not in {found.analysis.rows[0][1]["height"] for found in results if found.analysis}


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("kill", "decoding was killed, perhaps because memory ran out"),
        ("crash", "decoding crashed (SIGSEGV)"),
        ("exit", "decoding crashed (exit code 3)"),
        ("hang", "decoding took longer than 3600 s"),
        ("grow", "decoding needs more memory than is available"),
        ("bug", "failed with KeyError: 'nothing'"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_takes_its_worker_down_costs_only_itself(
    make_pool: MakePool, make_jobs: MakeJobs, store: LocalBlobStore, order: str, reason: str, jobs: int
) -> None:
    pool = make_pool(jobs)
    made = make_jobs(*["good"] * 5, order, *["fine!"] * (2 * MAX_CHUNK_FILES))
    results = list(pool.map(made))
    assert [found.path for found in results] == [job.path for job in made]
    assert widths(results) == [4] * 5 + [reason] + [5] * 2 * MAX_CHUNK_FILES
    culprit = results[5]
    assert culprit.file
    assert culprit.file.blob
    store.publish({culprit.file.digests.sha256: culprit.file.blob})
    with store.open(culprit.file.digests.sha256) as stream:
        assert stream.read() == order.encode()
    assert widths(list(pool.map(made[:1]))) == [4]


def test_several_culprits_in_one_chunk_and_in_others(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    contents = ["kill", "good", "crash", "good", *["good"] * MAX_CHUNK_FILES, "exit", *["good"] * MAX_CHUNK_FILES]
    results = list(make_pool().map(make_jobs(*contents)))
    assert [found == 4 for found in widths(results)] == [content == "good" for content in contents]


def test_a_culprit_among_what_the_library_has_already(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    made = [
        ReanalyseRequest(job.path, job.size, "text/plain", frozenset()) for job in make_jobs("good", "crash", "good")
    ]
    results = list(make_pool().map(made))
    assert widths(results) == [4, "decoding crashed (SIGSEGV)", 4]
    assert [found.file for found in results] == [None] * 3


def test_a_file_that_takes_a_worker_down_may_be_gone_by_then(
    make_pool: MakePool, store: LocalBlobStore, tmp_path: Path
) -> None:
    assert widths([make_pool().run(ExamineRequest(str(tmp_path / "gone"), 1, store=store))]) == [
        "No such file or directory"
    ]


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_an_error_of_the_store_ends_the_run(make_pool: MakePool, make_jobs: MakeJobs, jobs: int) -> None:
    with pytest.raises(StoreError, match="the store is on fire"):
        list(make_pool(jobs).map(make_jobs("good", "store", "good")))


def test_an_error_of_the_store_that_a_file_alone_meets_ends_the_run(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    with pytest.raises(StoreError, match="the store is on fire"):
        list(make_pool(1).map(make_jobs("crash", "store")))


def test_any_executor_does(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    results = list(make_pool(2, make_executor=lambda: ThreadPoolExecutor(2)).map(make_jobs(*["good"] * 40)))
    assert widths(results) == [4] * 40


class Here(Executor):
    """Runs what it gets at once, and says that it has not come back yet."""

    def submit(self, work: Callable[..., object], *args: object) -> "Future[object]":  # type: ignore[override]
        return Late(work, args)


class Late(Future):  # type: ignore[type-arg]
    def __init__(self, work: Callable[..., object], args: tuple[object, ...]) -> None:
        super().__init__()
        self._work = work, args

    def result(self, timeout: float | None = None) -> object:
        del timeout
        work, args = self._work
        return work(*args)


@pytest.mark.parametrize("with_jobs", [False, True], ids=["no jobs", "jobs"])
@pytest.mark.parametrize("jobs", [0, 2])
def test_a_million_items_are_taken_a_bounded_number_ahead(
    make_pool: MakePool,
    make_jobs: MakeJobs,
    jobs: int,
    with_jobs: bool,  # noqa: FBT001
) -> None:
    """However slow the workers are: these give their results only when they are waited for."""
    taken = 0
    [job] = make_jobs("good")

    def items() -> Iterator[object]:
        nonlocal taken
        for number in range(1_000_000):
            taken += 1
            yield job if with_jobs and number % 10 == 0 else number

    ahead = 0
    results = make_pool(jobs, make_executor=Here).map(items())
    for given, _ in enumerate(islice(results, 5_000)):
        ahead = max(ahead, taken - given)
    results.close()  # type: ignore[attr-defined]
    assert ahead <= MAX_CHUNK_ITEMS * (jobs * MIN_CHUNKS_AHEAD + 2)


def test_large_files_make_small_chunks(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    chunks = []

    class Noting(Here):
        def submit(self, work: Callable[..., object], *args: object) -> "Future[object]":  # type: ignore[override]
            chunks.append(len(args[0]))  # type: ignore[arg-type]
            return super().submit(work, *args)

    made = [replace(job, size=MAX_CHUNK_BYTES // 2) for job in make_jobs(*["good"] * 6)]
    list(make_pool(2, make_executor=Noting).map(made))
    assert chunks == [2, 2, 2]


def test_without_workers_nothing_is_decoded(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    def fail() -> Executor:
        raise OSError(38, "Function not implemented")

    with pytest.raises(NotStartedError, match="Function not implemented; raise the limits of processes"):
        list(make_pool(2, make_executor=fail).map(make_jobs(*["good"] * 40)))


def end(_: Limits) -> None:
    os._exit(1)


def test_workers_that_end_before_they_read_a_file_blame_none(make_jobs: MakeJobs) -> None:
    pool = Pool(2, LIMITS, prepare=end)
    with pytest.raises(NotStartedError, match="they end before they read a file"):
        list(pool.map(make_jobs(*["good"] * 8)))
    pool.close()


def test_fewer_workers_than_asked_for_do(
    make_pool: MakePool, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = Workers._start
    started: list[Workers] = []

    def start_one(workers: Workers) -> None:
        if started:
            raise OSError(11, "Resource temporarily unavailable")
        started.append(workers)
        start(workers)

    monkeypatch.setattr(Workers, "_start", start_one)
    monkeypatch.setattr(logging.getLogger("dam"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("dam"), "propagate", True)
    with caplog.at_level(logging.WARNING):
        assert widths(list(make_pool(3).map(make_jobs(*["good"] * 5 * MAX_CHUNK_FILES)))) == [4] * 5 * MAX_CHUNK_FILES
    assert "1 of 3 worker processes run" in caplog.text


def test_closed_early_nothing_is_left(make_pool: MakePool, make_jobs: MakeJobs) -> None:
    pool = make_pool(2)
    results = pool.map(make_jobs(*["good"] * 10 * MAX_CHUNK_FILES))
    next(results)
    assert multiprocessing.active_children()
    pool.close()
    assert multiprocessing.active_children() == []
    pool.close()
