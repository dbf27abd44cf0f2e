"""Small libraries for Hypothesis: a few assets with some components each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dam.core.folding import folded
from dam.models import component_classes
from dam.services.components import ecs
from tests.services.query.brute import Asset
from tests.services.query.trees import TAGS, TEXTS

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
TEXT = st.sampled_from(TEXTS)
MAYBE = st.none() | TEXT
TIMES = ("2024-05-03T10:20:30", "2024-05-31T23:59:59.99", "2023-12-31T00:00:00", "2024-01-01T00:00:00")
LONG_AGO = datetime(2024, 5, 3, 10, tzinfo=UTC)


def some(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """No row or one."""
    return st.just([]) | st.fixed_dictionaries(columns).map(lambda row: [row])


ASSETS: st.SearchStrategy[Rows] = st.fixed_dictionaries(
    {
        "file_properties": st.fixed_dictionaries(
            {
                "original_filename": TEXT,
                "file_size_bytes": st.sampled_from((0, 999, 1000, 1499, 1500, 2000, 2999)),
                "media_type": st.sampled_from(("image/png", "text/plain", "application/x", "audio/ogg", "textual/x")),
            }
        ).map(lambda row: [row]),
        "source_path": st.lists(TEXT, max_size=2, unique=True).map(
            lambda names: [
                {
                    "path": name.encode(), "path_digest": name.encode(), "folder_digest": b"", "path_display": name,
                    "filename": name, "size": 1, "mtime_ns": 1, "inode": 1,
                }
                for name in names
            ]
        ),
        "tag": st.lists(st.sampled_from(TAGS), max_size=2, unique_by=folded).map(
            lambda tags: [{"tag": tag, "tag_key": folded(tag)} for tag in tags]
        ),
        "dimensions": some(width=st.sampled_from((0, 1, 3, 640)), height=st.sampled_from((1, 3))),
        "capture": some(
            local_time=st.none() | st.sampled_from(TIMES),
            aperture=st.none() | st.sampled_from((2.8, 2.84, 3.4, 3.5)), iso=st.none() | st.sampled_from((1, 3)),
        ),
        "camera": some(make=MAYBE, model=MAYBE),
        "gps": some(latitude=st.just(1.0), longitude=st.just(2.0)),
        "annotation": some(title=MAYBE, rating=st.none() | st.integers(-1, 3)),
        "description": some(title=MAYBE, description=MAYBE, rating=st.none() | st.integers(-1, 3)),
        "document_text": some(text=TEXT, is_cut=st.booleans()),
        "system_failure": some(system=st.just("x"), version=st.just(1), reason=st.just("y")),
        "trashed": some(operation_id=st.just(1)),
    }
)  # fmt: skip


def fill(session: Session, libraries: Sequence[Rows]) -> list[Asset]:
    """Write the rows of assets; return these with their components as they are loaded."""
    kinds = {kind.component_name(): kind for kind in component_classes()}
    for number, rows in enumerate(libraries):
        created = datetime.now(UTC) - timedelta(days=1) if number % 2 else LONG_AGO
        (entity_id,) = ecs.add_entities(session, 1, created)
        for name, values in rows.items():
            ecs.put_rows(session, kinds[name], [{"entity_id": entity_id} | dict(row) for row in values])
    return [load(session, entity_id) for entity_id in session.scalars(ecs.entities_with())]


def load(session: Session, entity_id: int) -> Asset:
    components: dict[str, list[Any]] = {}
    for each in ecs.all_components(session, entity_id):
        components.setdefault(each.component_name(), []).append(each)
        if each.entity not in components.setdefault("entity", []):
            components["entity"].append(each.entity)
    return Asset(entity_id, components)
