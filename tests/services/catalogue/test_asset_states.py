from pathlib import Path

from dam.models import SystemRecord
from dam.services.catalogue.asset_states import outdated, states_by_sha256
from dam.services.library import Library
from tests.services.conftest import MakeImage, UseSystems, ingest_all


def test_by_content(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    [outcome] = ingest_all(library, tmp_path / "a")
    with library.read() as session:
        states = states_by_sha256(session, [outcome.sha256 or "", "0" * 64])
    assert {sha256: state.entity_id for sha256, state in states.items()} == {outcome.sha256: outcome.entity_id}


def test_assets_without_a_record_or_with_another_are_outdated(
    library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    ids = [
        outcome.entity_id for outcome in ingest_all(library, make_image("a.png"), make_image("b.png", seed=2), __file__)
    ]
    with library.write() as session:
        assert outdated(session, 0, 10) == []
        session.delete(session.get_one(SystemRecord, ids[2]))
    with library.read() as session:
        assert [known.entity_id for known in outdated(session, 0, 10)] == ids[2:]
        use_systems()
        assert [known.entity_id for known in outdated(session, 0, 10)] == ids
        assert [known.entity_id for known in outdated(session, ids[0] or 0, 1)] == ids[1:2]
