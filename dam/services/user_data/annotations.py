"""What the user writes about assets: rating, title, description, notes."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import UsageError
from dam.models.annotation_component import AnnotationComponent
from dam.services.catalogue.lookup import require_entities
from dam.services.components import ecs
from dam.services.components.operations import Recorder

FIELDS = ("rating", "title", "description", "notes")
MAX_LENGTH = 100_000
"""Maximum number of characters of a text: all of it is in the journal and in the manifest."""
MIN_RATING, MAX_RATING = -1, 5
_LINE_BREAKS = "\n\t"


def annotate(session: Session, entity_ids: Sequence[int], values: Mapping[str, str | int | None]) -> int:
    """Set fields of assets, as one operation; None clears a field. Return how many assets have changed.

    Raises:
        UsageError: there is no such field, or a value is not valid for it.
        NotFoundError: the library has no such asset.

    """
    require_entities(session, entity_ids)
    checked = checked_values(values)
    recorder = Recorder(session, "annotate")
    return sum(_annotate(recorder, some, checked) for some in ecs.batched(entity_ids)) if checked else 0


def _annotate(recorder: Recorder, entity_ids: list[int], values: Mapping[str, Any]) -> int:
    table = AnnotationComponent
    if all(value is None for value in values.values()):
        entity_ids = list(recorder.session.scalars(select(table.entity_id).where(table.entity_id.in_(entity_ids))))
    changes = recorder.put(table, [{"entity_id": entity_id, **values} for entity_id in entity_ids])
    empty = [getattr(table, name).is_(None) for name in FIELDS]
    if any(value is None for value in values.values()):
        recorder.delete(table, table.entity_id.in_(entity_ids), *empty)
    return len(changes)


def checked_values(values: Mapping[str, str | int | None]) -> dict[str, str | int | None]:
    """Return the values as they are stored: texts without surrounding white space, in Unicode normal form NFC.

    Raises:
        UsageError: there is no such field, or a value is not valid for it.

    """
    if unknown := [name for name in values if name not in FIELDS]:
        raise UsageError(f"{unknown[0]!r} is none of {', '.join(FIELDS)}")
    return {name: None if value is None else _checked(name, value) for name, value in values.items()}


def _checked(name: str, value: str | int) -> str | int:
    if name == "rating":
        if isinstance(value, bool) or not isinstance(value, int) or not MIN_RATING <= value <= MAX_RATING:
            raise UsageError(f"rating {value!r}: a rating is 0 to {MAX_RATING}, or {MIN_RATING} for rejected")
        return value
    return _checked_text(name, value)


def _checked_text(name: str, value: str | int) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name}: {value!r} is no text")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").strip())
    if not text:
        raise UsageError(f"the {name} is empty: clear it to remove it")
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the {name} has {len(text):,} characters: at most {MAX_LENGTH:,} are kept")
    allowed = "" if name == "title" else _LINE_BREAKS
    wrong = [each for each in text if unicodedata.category(each) in ("Cc", "Cs") and each not in allowed]
    if wrong:
        raise UsageError(f"the {name} has the control character {wrong[0]!a}")
    return text
