import pytest
from sqlalchemy import event, select

from dam.core.errors import ConflictError, NotFoundError
from dam.models import LinkRecord, Operation, SystemSet, TagComponent
from dam.services.catalogue.pairs import all_verdicts, put_verdict, remove_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.journal import undo as module
from dam.services.journal.log import LogFilter, changes_of, log
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.tags.tags import add_tags, get_tags_for_entity, remove_tags


@pytest.fixture
def ids(each_library: Library) -> list[int]:
    with each_library.write() as session:
        return ecs.add_entities(session, 3)


def add(library: Library, entity_id: int, *tags: str) -> None:
    with library.write() as session:
        add_tags(session, [entity_id], tags)


def tags(library: Library, entity_id: int) -> list[str]:
    with library.read() as session:
        return get_tags_for_entity(session, entity_id)


def verdicts(library: Library) -> dict[tuple[int, int], Verdict]:
    with library.read() as session:
        return dict(all_verdicts(session))


def test_tags_that_were_added_go_and_come_back(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "kept")
    add(each_library, ids[0], "kept", "sea", "sky")
    done = undo(each_library)
    assert (done.undone.operation_id, done.operation_id, done.changes) == (2, 3, 2)
    assert tags(each_library, ids[0]) == ["kept"]
    undo(each_library, done.operation_id)
    assert tags(each_library, ids[0]) == ["kept", "sea", "sky"]


def test_a_tag_that_was_removed_comes_back_as_it_was(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea")
    with each_library.write() as session:
        before = session.scalars(select(TagComponent.created_at)).one()
        remove_tags(session, ids[:1], ["sea"])
    with each_library.write() as session:
        add_tags(session, ids[1:], ["other"])  # may take the id of the row that is gone
    undo(each_library, 2)
    with each_library.read() as session:
        row = session.scalars(select(TagComponent).where(TagComponent.entity_id == ids[0])).one()
        assert (row.tag, row.created_at) == ("sea", before)


def test_a_verdict_gets_the_one_before(each_library: Library, ids: list[int]) -> None:
    pair = (ids[0], ids[1])
    for word in (Verdict.DUPLICATE, Verdict.UNRELATED):
        with each_library.write() as session:
            put_verdict(session, pair, word)
    with each_library.write() as session:
        remove_verdict(session, pair)
    given = []
    for _ in range(3):
        undo(each_library)
        given.append(verdicts(each_library).get(pair))
    assert given == [Verdict.UNRELATED, Verdict.DUPLICATE, None]
    with pytest.raises(NotFoundError, match="nothing to undo"):
        undo(each_library)


def test_a_pair_is_compared_again(each_library: Library, ids: list[int]) -> None:
    with each_library.write() as session:
        put_verdict(session, (ids[0], ids[1]), Verdict.DUPLICATE)
        session.add(SystemSet(systems="image:"))
        session.flush()
        ecs.put_rows(session, LinkRecord, [{"entity_id": ids[0], "system_set_id": 1, "rule": 0}])
    undo(each_library)
    with each_library.read() as session:
        assert session.scalars(select(LinkRecord)).all() == []


def test_a_later_operation_on_the_same_is_named(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea", "sky")
    with each_library.write() as session:
        remove_tags(session, ids[:1], ["sky"])
    add(each_library, ids[0], "sky")
    add(each_library, ids[0], "other")
    add(each_library, ids[1], "sky")
    with pytest.raises(ConflictError, match=r"operation 3 \(tag\), operation 2 \(tag\) changed the same"):
        undo(each_library, 1)
    assert tags(each_library, ids[0]) == ["other", "sea", "sky"]
    undo(each_library, 3)
    undo(each_library, 2)
    undo(each_library, 1)
    assert (tags(each_library, ids[0]), tags(each_library, ids[1])) == (["other"], ["sky"])


def test_what_was_done_and_undone_later_does_not_count(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea")
    with each_library.write() as session:
        remove_tags(session, ids[:1], ["sea"])
    redone = undo(each_library, 2).operation_id
    undo(each_library, redone)
    with pytest.raises(ConflictError, match=r"operation 2 \(tag\)"):
        undo(each_library, 1)
    undo(each_library, 4)
    undo(each_library, 1)
    assert tags(each_library, ids[0]) == []


def test_what_was_undone_is_not_undone_again(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea")
    undo(each_library)
    with pytest.raises(ConflictError, match="has been undone by operation 2: undo that one"):
        undo(each_library, 1)
    undo(each_library, 2)
    assert undo(each_library).undone.operation_id == 1


def test_rows_that_nobody_recorded_are_not_overwritten(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea")
    with each_library.write() as session:
        session.execute(ecs.table_of(TagComponent).delete())
    with pytest.raises(ConflictError, match="no longer as it left it"):
        undo(each_library)


def test_nothing_is_undone_by_half(each_library: Library, ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 1)
    with each_library.write() as session:
        add_tags(session, ids, ["sea"])
    with each_library.write() as session:
        remove_tags(session, ids[:1], ["sea"])
    with pytest.raises(ConflictError):
        undo(each_library, 1)
    assert [tags(each_library, entity_id) for entity_id in ids] == [[], ["sea"], ["sea"]]
    with each_library.read() as session:
        assert len(session.scalars(select(Operation.id)).all()) == 2


def test_a_dry_run_changes_nothing(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea")
    done = undo(each_library, dry_run=True)
    assert (done.undone.operation_id, done.operation_id, done.changes) == (1, None, 1)
    assert tags(each_library, ids[0]) == ["sea"]
    assert [each.kind for each in log(each_library)] == ["tag"]


def test_an_operation_that_does_not_exist(each_library: Library) -> None:
    for number in (None, 99):
        with pytest.raises(NotFoundError):
            undo(each_library, number)


def test_a_bulk_is_undone_in_few_statements(each_library: Library) -> None:
    statements: list[object] = []
    with each_library.write() as session:
        many = ecs.add_entities(session, 1200)
        add_tags(session, many, ["sea"])
    event.listen(each_library.engine, "before_cursor_execute", lambda *about: statements.append(about))
    assert undo(each_library).changes == 1200
    assert len(statements) < 80
    with each_library.read() as session:
        assert session.scalars(select(TagComponent)).all() == []


def test_the_log_is_filtered(each_library: Library, ids: list[int]) -> None:
    add(each_library, ids[0], "sea")
    add(each_library, ids[1], "sky", "sun")
    with each_library.write() as session:
        put_verdict(session, (ids[0], ids[2]), Verdict.ALTERNATE)
    undo(each_library, 2)
    every = list(log(each_library))
    assert [(each.operation_id, each.kind, each.changes, each.assets) for each in every] == [
        (4, "undo", 2, 1),
        (3, "verdict", 1, 1),
        (2, "tag", 2, 1),
        (1, "tag", 1, 1),
    ]
    assert [(each.undoes, each.undone_by) for each in every] == [(2, None), (None, None), (None, 4), (None, None)]

    def found(**wanted: object) -> list[int]:
        return [each.operation_id for each in log(each_library, LogFilter(**wanted))]  # type: ignore[arg-type]

    assert found(entity_id=ids[2]) == [3]
    assert found(entity_id=ids[0]) == [3, 1]
    assert found(kind="tag") == [2, 1]
    assert found(since=every[1].created_at) == [4, 3]
    assert found(until=every[1].created_at) == [2, 1]
    assert [each.operation_id for each in log(each_library, limit=2)] == [4, 3]
    assert [(each.after or {})["tag"] for each in changes_of(each_library, 2)] == ["sky", "sun"]
