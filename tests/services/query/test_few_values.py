"""Globs on columns with few values."""

import pytest

from dam.models import CameraComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.query.columns import Columns
from dam.services.query.few_values import MAX_VALUES, values_like
from dam.services.query.select import find_page

MODEL = ecs.table_of(CameraComponent).c.model


@pytest.mark.parametrize(
    ("pattern", "found"), [("*x100*", ["X100", "X100V"]), ("eos", ["EOS"]), ("x100?", ["X100V"]), ("leica*", [])]
)
def test_the_values_that_match(each_library: Library, pattern: str, found: list[str]) -> None:
    with each_library.write() as session:
        for entity_id, model in zip(ecs.add_entities(session, 5), ["X100V", None, "EOS", "X100", "EOS"], strict=True):
            session.add(CameraComponent(entity_id=entity_id, make="Some", model=model, lens=None))
        session.flush()
        columns = Columns(each_library.engine.dialect.name == "postgresql")
        assert sorted(values_like(session, columns, MODEL, pattern) or []) == found
        assert len(find_page(session, f"camera:{pattern}")) == sum(
            ["X100V", "EOS", "X100", "EOS"].count(each) for each in found
        )


def test_many_values_are_left_to_the_rows(library: Library) -> None:
    with library.write() as session:
        for number, entity_id in enumerate(ecs.add_entities(session, MAX_VALUES + 1)):
            session.add(CameraComponent(entity_id=entity_id, make=None, model=f"M{number}", lens=None))
        session.flush()
        assert values_like(session, Columns(is_postgresql=False), MODEL, "*M7") is None
        assert len(find_page(session, "camera.model:M7*")) == len(
            [n for n in range(MAX_VALUES + 1) if f"M{n}".startswith("M7")]
        )
