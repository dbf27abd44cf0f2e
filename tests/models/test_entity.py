from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.models import DimensionsComponent, Entity, component_classes
from dam.services.components import ecs
from dam.services.library import Library
from tests.models.samples import sample_component


def add_full_entity(session: Session) -> int:
    [entity_id] = ecs.add_entities(session, 1)
    session.add_all(sample_component(kind, entity_id=entity_id) for kind in component_classes())
    session.flush()
    return entity_id


def test_deleting_an_entity_removes_every_kind_of_component(each_library: Library) -> None:
    with each_library.write() as session:
        entity_id = add_full_entity(session)
    with each_library.write() as session:
        assert len(ecs.all_components(session, entity_id)) == len(component_classes())
        ecs.delete_entity(session, entity_id)
    with each_library.read() as session:
        assert session.get(Entity, entity_id) is None
        assert [session.scalar(select(func.count()).select_from(kind)) for kind in component_classes()] == [0] * len(
            component_classes()
        )


def test_the_id_of_a_deleted_entity_is_not_used_again(each_library: Library) -> None:
    with each_library.write() as session:
        [gone] = ecs.add_entities(session, 1)
        ecs.delete_entity(session, gone)
    with each_library.write() as session:
        [later] = ecs.add_entities(session, 1)
    assert later > gone


def test_components_can_be_compared_once_their_session_is_closed(each_library: Library) -> None:
    with each_library.write() as session:
        [entity_id] = ecs.add_entities(session, 1)
        session.add(DimensionsComponent(entity_id=entity_id, width=3, height=2))
    found = []
    for _ in range(2):
        with each_library.read() as session:
            found.append(ecs.get_component(session, entity_id, DimensionsComponent))
    assert found[0] == found[1]
