"""What holds of an asset: what the user has written about it, or else what its file says.

`effective` gives it for some assets. `SOURCES` has the columns that it comes from, in order of precedence: a query, or
anything else that derives from it, takes them from there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.models.annotation_component import AnnotationComponent
from dam.models.audio_tags_component import AudioTagsComponent
from dam.models.description_component import DescriptionComponent
from dam.models.document_component import DocumentComponent
from dam.models.entity import Entity
from dam.services.components import ecs

TABLES = (AnnotationComponent, DescriptionComponent, AudioTagsComponent, DocumentComponent)
SOURCES = {
    "title": (
        AnnotationComponent.title,
        DescriptionComponent.title,
        AudioTagsComponent.title,
        DocumentComponent.title,
    ),
    "description": (AnnotationComponent.description, DescriptionComponent.description, DocumentComponent.subject),
    "rating": (AnnotationComponent.rating, DescriptionComponent.rating),
    "notes": (AnnotationComponent.notes,),
}
"""The columns of each field, the first that is not null counts."""


@dataclass(frozen=True)
class Effective:
    """What holds of an asset. `rating` is 0 to 5, or -1 for rejected."""

    title: str | None = None
    description: str | None = None
    rating: int | None = None
    notes: str | None = None


def effective(session: Session, entity_ids: Iterable[int]) -> dict[int, Effective]:
    """Return what holds of some assets, by id; an asset without any of it is left out."""
    values = [func.coalesce(*columns, None).label(name) for name, columns in SOURCES.items()]
    wanted = select(Entity.id, *values)
    for table in TABLES:
        wanted = wanted.outerjoin(table, table.entity_id == Entity.id)
    found: dict[int, Effective] = {}
    for some in ecs.batched(dict.fromkeys(entity_ids)):
        for row in session.execute(wanted.where(Entity.id.in_(some))).mappings():
            held = Effective(**{name: row[name] for name in SOURCES})
            if held != Effective():
                found[row["id"]] = held
    return found
