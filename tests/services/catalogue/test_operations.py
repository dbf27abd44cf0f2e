import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from dam.core import invocation
from dam.core.errors import NotFoundError
from dam.models import Operation, OperationChange, TagComponent, VerdictComponent
from dam.services.catalogue.pairs import put_verdict, remove_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.components.operations import Recorder
from dam.services.components.row_json import from_json
from dam.services.library import Library
from dam.services.tags.tags import add_tags, remove_tags


def changes(session: Session) -> list[tuple[str, str, int | None, object, object]]:
    rows = session.execute(
        select(Operation.kind, OperationChange)
        .join(OperationChange, OperationChange.operation_id == Operation.id)
        .order_by(OperationChange.id)
    )
    return [
        (kind, change.table_name, change.entity_id, of(change.before), of(change.after)) for kind, change in rows.all()
    ]


def of(row: dict[str, object] | None) -> object:
    return row and (row.get("tag") or row.get("verdict"))


def operations(session: Session) -> int:
    return len(session.scalars(select(Operation)).all())


def test_tags_are_recorded_as_one_operation_each_time(each_library: Library) -> None:
    with each_library.write() as session:
        one, other = ecs.add_entities(session, 2)
        assert add_tags(session, [one, other], ["sea", "sky"]) == 4
        assert remove_tags(session, [other], ["sky", "none"]) == 1
    with each_library.read() as session:
        assert operations(session) == 2
        table = "component_tag"
        assert changes(session) == [
            *[("tag", table, entity_id, None, tag) for entity_id in (one, other) for tag in ("sea", "sky")],
            ("tag", table, other, "sky", None),
        ]


def test_a_verdict_is_recorded_with_the_one_before(each_library: Library) -> None:
    with each_library.write() as session:
        one, other = ecs.add_entities(session, 2)
        put_verdict(session, (one, other), Verdict.DUPLICATE)
        put_verdict(session, (one, other), Verdict.DUPLICATE)
        put_verdict(session, (one, other), Verdict.UNRELATED)
        remove_verdict(session, (one, other))
        remove_verdict(session, (one, other))
    with each_library.read() as session:
        table = "component_verdict"
        assert changes(session) == [
            ("verdict", table, one, None, "duplicate"),
            ("verdict", table, one, "duplicate", "unrelated"),
            ("verdict", table, one, "unrelated", None),
        ]
        assert set(session.scalars(select(OperationChange.other_entity_id))) == {other}


def test_what_changes_nothing_is_no_operation(each_library: Library) -> None:
    with each_library.write() as session:
        [one] = ecs.add_entities(session, 1)
        add_tags(session, [one], ["sea"])
        assert add_tags(session, [one], ["sea"]) == 0
        assert remove_tags(session, [one], ["sky"]) == 0
        with pytest.raises(NotFoundError, match="no entity 99"):
            add_tags(session, [one, 99], ["sky"])
    with each_library.read() as session:
        assert operations(session) == 1


def test_a_row_survives_the_journal(each_library: Library) -> None:
    with each_library.write() as session:
        [one] = ecs.add_entities(session, 1)
        [added] = Recorder(session, "tag").insert(TagComponent, [{"entity_id": one, "tag": "sea", "tag_key": "sea"}])
        recorded = session.scalars(select(OperationChange.after)).one()
        assert from_json(ecs.table_of(TagComponent), recorded) == added


def test_a_change_that_is_rolled_back_leaves_no_operation(each_library: Library) -> None:
    with each_library.write() as session:
        add_tags(session, ecs.add_entities(session, 1), ["sea"])
        session.rollback()
    with each_library.read() as session:
        assert operations(session) == 0


def test_an_operation_says_who_and_by_which_command(each_library: Library) -> None:
    with each_library.write() as session:
        [one] = ecs.add_entities(session, 1)
        add_tags(session, [one], ["sea"])
        with invocation.command(["dam-cli", "tag", "add", "a b.jpg", "\udce9"]):
            add_tags(session, [one], ["sky"])
    with each_library.read() as session:
        first, second = session.scalars(select(Operation).order_by(Operation.id))
        assert (first.command, second.command) == ("python", "dam-cli tag add 'a b.jpg' '\\xe9'")
        assert first.user_name == invocation.user_name() != ""
        assert first.created_at <= second.created_at


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", fail)
    assert invocation.user_name()


def test_a_bulk_of_tags_takes_few_statements(each_library: Library) -> None:
    statements: list[object] = []
    with each_library.write() as session:
        ids = ecs.add_entities(session, 3000)
        event.listen(each_library.engine, "before_cursor_execute", lambda *about: statements.append(about))
        assert add_tags(session, ids, ["sea"]) == 3000
        assert len(statements) < 20
        assert remove_tags(session, ids, ["sea"]) == 3000
        assert len(session.scalars(select(OperationChange.id)).all()) == 6000


def test_a_row_that_is_put_is_inserted_updated_or_left(each_library: Library) -> None:
    with each_library.write() as session:
        one, two, three = ecs.add_entities(session, 3)
        pairs = [(one, two, "duplicate"), (one, three, "alternate"), (two, three, "unrelated")]
        rows = [dict(zip(("entity_id", "other_entity_id", "verdict"), pair, strict=True)) for pair in pairs]
        Recorder(session, "verdict").put(VerdictComponent, rows[:2])
        changed = Recorder(session, "verdict").put(VerdictComponent, [rows[0], rows[1] | {"verdict": "x"}, rows[2]])
        assert sorted((change.before is None, change.row["verdict"]) for change in changed) == [
            (False, "x"),
            (True, "unrelated"),
        ]
