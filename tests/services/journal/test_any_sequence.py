"""Whatever users do: when all of it has been undone, newest first, every row of what they said is as it was."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from dam.core.errors import ConflictError, NotFoundError
from dam.models import Operation, component_classes
from dam.services.catalogue.pairs import put_verdict, remove_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.ingest.ingest import Options, ingest
from dam.services.journal.trash import find_assets, remove, restore
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.tags.tags import add_tags, remove_tags
from tests.services.conftest import ingest_all

FILES = 3
NUMBERS = st.integers(0, FILES - 1)
PAIRS = st.permutations(range(FILES)).map(lambda numbers: numbers[:2])
TAGS = st.lists(st.sampled_from(["sea", "sky", "Sun"]), min_size=1, max_size=2)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["tag", "untag"]), NUMBERS, TAGS),
    st.tuples(st.just("verdict"), PAIRS, st.sampled_from([None, *Verdict])),
    st.tuples(st.sampled_from(["rm", "restore", "change"]), NUMBERS, st.none()),
    st.tuples(st.just("undo"), st.integers(1, 3), st.none()),
)


class User:
    """A user of a library with a few files."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        self.files = [folder / f"{number}.txt" for number in range(FILES)]
        self._count = 0
        self.began = 0
        """The last operation before the example: it and those before it are not undone."""
        for file in self.files:
            file.write_text(file.name)
        ingest_all(library, folder)

    def entity(self, number: int) -> int:
        """The newest asset of a file."""
        return self._entities()[number]

    def _entities(self) -> list[int]:
        return [outcome.entity_id or 0 for outcome in ingest_all(self.library, *self.files)]

    def do(self, what: str, about: Any, value: Any) -> None:
        """Do one thing; what cannot be done is left."""
        if what == "change":
            self._count += 1
            self.files[about].write_text(f"{about} {self._count}")
            list(ingest(self.library, [str(self.files[about])], (), Options(follow=True)))
        elif what in ("rm", "restore"):
            in_trash = what == "restore"
            found = find_assets(self.library, [str(self.entity(about))], in_trash=in_trash)
            (restore if in_trash else remove)(self.library, found)
        elif what == "undo":
            if (number := self.last_operation() + 1 - about) > self.began:
                undo(self.library, number)
        else:
            self._say(what, about, value)

    def _say(self, what: str, about: Any, value: Any) -> None:
        ids = self._entities()
        with self.library.write() as session:
            if what == "verdict":
                pair = min(ids[about[0]], ids[about[1]]), max(ids[about[0]], ids[about[1]])
                put_verdict(session, pair, value) if value else remove_verdict(session, pair)
            else:
                (add_tags if what == "tag" else remove_tags)(session, [ids[about]], value)

    def last_operation(self) -> int:
        """The newest operation; 0 without any."""
        with self.library.read() as session:
            return session.scalar(select(func.max(Operation.id))) or 0

    def rows(self) -> dict[str, list[Any]]:
        """All that the user has said, without what an undone row may not get back: its id, and when it was changed."""
        found = {}
        with self.library.read() as session:
            for kind in component_classes():
                if kind.IS_USER_DATA:
                    rows = session.execute(ecs.table_of(kind).select()).mappings()
                    found[kind.__tablename__] = sorted(
                        str({key: value for key, value in row.items() if key not in ("id", "updated_at")})
                        for row in rows
                    )
        return found


@pytest.fixture
def user(library: Library, tmp_path: Path) -> User:
    (tmp_path / "files").mkdir()
    return User(library, tmp_path / "files")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=8))
def test_undoing_all_gives_back_the_same_rows(user: User, steps: list[tuple[str, Any, Any]]) -> None:
    """The library stays from one example to the next: it is as it was."""
    before, user.began = user.rows(), user.last_operation()
    for step in steps:
        try:
            user.do(*step)
        except (ConflictError, NotFoundError):
            continue
    while True:
        try:
            newest = undo(user.library, dry_run=True).undone.operation_id
        except NotFoundError:
            break
        if newest <= user.began:
            break
        undo(user.library)
    assert user.rows() == before
