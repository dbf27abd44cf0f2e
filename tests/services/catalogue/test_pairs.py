import pytest
from sqlalchemy.orm import Session

from dam.core.errors import UsageError
from dam.models import SimilarPairComponent
from dam.services.catalogue.pairs import (
    Link,
    Relative,
    all_verdicts,
    in_order,
    put_verdict,
    relatives,
    remove_verdict,
    verdicts,
)
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.library import Library


@pytest.fixture
def ids(db_session: Session) -> list[int]:
    return ecs.add_entities(db_session, 4)


def test_a_verdict_is_remembered_changed_and_removed(each_library: Library) -> None:
    with each_library.write() as session:
        one, other, third = ecs.add_entities(session, 3)
        put_verdict(session, in_order(other, one), Verdict.DUPLICATE)
        put_verdict(session, (one, third), Verdict.ALTERNATE)
        put_verdict(session, (one, other), Verdict.UNRELATED)
    with each_library.write() as session:
        both = {(one, other): Verdict.UNRELATED, (one, third): Verdict.ALTERNATE}
        assert dict(all_verdicts(session)) == verdicts(session, [one]) == verdicts(session, [one, other, third]) == both
        assert verdicts(session, [third]) == {(one, third): Verdict.ALTERNATE}
        assert remove_verdict(session, (one, other)) is Verdict.UNRELATED
        assert remove_verdict(session, (one, other)) is None
        assert verdicts(session, [other]) == {}


def test_a_pair_has_two() -> None:
    assert in_order(2, 1) == in_order(1, 2) == (1, 2)
    with pytest.raises(UsageError, match="entity 3"):
        in_order(3, 3)


def test_relatives_are_linked_or_judged(db_session: Session, ids: list[int]) -> None:
    one, two, three, four = ids
    row = {"entity_id": one, "other_entity_id": two, "transform": "none"}
    links = [row | {"method": "phash", "distance": 3}, row | {"method": "dhash", "distance": 1}]
    ecs.put_rows(db_session, SimilarPairComponent, [*links, links[0] | {"other_entity_id": three, "distance": 0}])
    put_verdict(db_session, (one, three), Verdict.ALTERNATE)
    put_verdict(db_session, (two, four), Verdict.DUPLICATE)
    linked = [Link("dhash", 1, "none"), Link("phash", 3, "none")]
    assert relatives(db_session, two) == [Relative(one, None, linked), Relative(four, Verdict.DUPLICATE, [])]
    assert relatives(db_session, three) == [Relative(one, Verdict.ALTERNATE, [Link("phash", 0, "none")])]
    put_verdict(db_session, (one, two), Verdict.UNRELATED)
    assert relatives(db_session, two)[0] == Relative(one, Verdict.UNRELATED, [])


@pytest.mark.parametrize("deleted", [0, 1])
def test_a_pair_goes_with_either_entity(db_session: Session, ids: list[int], deleted: int) -> None:
    pair = (ids[0], ids[1])
    put_verdict(db_session, pair, Verdict.ALTERNATE)
    ecs.delete_entity(db_session, pair[deleted])
    assert relatives(db_session, pair[1 - deleted]) == []
