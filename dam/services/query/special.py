"""Conditions with rules of their own: kinds, states, places, similar assets."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from dam.core.database import release
from dam.core.errors import DamError, QueryError, UsageError
from dam.media.kinds import DOCUMENT_PREFIXES, SIDECAR_TYPE, Kind
from dam.models import component_classes
from dam.models.base_component import BaseComponent
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.gps_component import GpsComponent
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.models.image_pixel_digest_component import ImagePixelDigestComponent
from dam.models.replaced_component import ReplacedComponent
from dam.models.system_failure_component import SystemFailureComponent
from dam.models.trashed_component import TrashedComponent
from dam.models.verdict_component import VerdictComponent
from dam.services.library import Library
from dam.services.query.fields import ALIASES, find, nearest
from dam.services.query.tree import And, Condition, Node, Not, Or, Text, Value
from dam.storage.modes import REFERENCE_STORAGE

EARTH_RADIUS = 6371.0088
"""Mean radius of the Earth in kilometres (IUGG)."""
_DISTANCE = re.compile(r"(\d+(?:\.\d+)?)(km|m|mi)?", re.ASCII)
_KILOMETRES = {None: 1.0, "km": 1.0, "m": 0.001, "mi": 1.609344}
COMPUTED = ("missing",)
"""States that need the store."""


# ---- kinds


def media_types(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the ranges of media types of a kind; of `other`, those of all the others."""
    prefixes = {each: [f"{each}/"] for each in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO)}
    prefixes |= {Kind.DOCUMENT: list(DOCUMENT_PREFIXES), Kind.SIDECAR: [SIDECAR_TYPE]}
    for prefix in prefixes[Kind(kind)] if kind != Kind.OTHER else chain(*prefixes.values()):
        yield prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)


# ---- states


def _trash(_session: Session) -> list[Select[Any]]:
    return [select(TrashedComponent.entity_id)]


def _failed(_session: Session) -> list[Select[Any]]:
    return [select(SystemFailureComponent.entity_id)]


def _replaced(_session: Session) -> list[Select[Any]]:
    return [select(ReplacedComponent.entity_id)]


def _referenced(_session: Session) -> list[Select[Any]]:
    location, other = FileLocationComponent, aliased(FileLocationComponent)
    stored = select(other.id).where(other.entity_id == location.entity_id, other.storage_type != REFERENCE_STORAGE)
    return [select(location.entity_id).where(location.storage_type == REFERENCE_STORAGE, ~stored.exists())]


def _duplicate(_session: Session) -> list[Select[Any]]:
    """Select the assets with the same compressed image or the same pixels as another, or that the user said to be."""
    verdict = VerdictComponent
    said = verdict.verdict == "duplicate"
    found: list[Select[Any]] = [select(verdict.entity_id).where(said), select(verdict.other_entity_id).where(said)]
    for kind in (ImageDataDigestComponent, ImagePixelDigestComponent):
        present = kind.entity_id.not_in(select(TrashedComponent.entity_id))
        shared = select(kind.digest).where(present).group_by(kind.digest).having(func.count() > 1)
        found.append(select(kind.entity_id).where(kind.digest.in_(shared), kind.digest.is_not(None)))
    return found


STATES: dict[str, Callable[[Session], list[Select[Any]]]] = {
    "duplicate": _duplicate,
    "failed": _failed,
    "referenced": _referenced,
    "replaced": _replaced,
    "trash": _trash,
}
"""How to select the assets of a state."""


def state_names() -> list[str]:
    """Return all states."""
    return sorted([*STATES, *COMPUTED])


def mentions_trash(node: Node) -> bool:
    """Return whether a query asks for the trash, so that it is not hidden."""
    match node:
        case And(parts) | Or(parts):
            return any(map(mentions_trash, parts))
        case Not(part):
            return mentions_trash(part)
        case Condition("is", _, values):
            return any(isinstance(value, Text) and value.text.lower() == "trash" for value in values)
    return False


# ---- components


@cache
def component(name: str) -> type[BaseComponent] | None:
    """Return the component of a name."""
    return next((kind for kind in component_classes() if kind.component_name() == name), None)


def has_names() -> list[str]:
    """Return what `has:` and `none:` can ask for."""
    return sorted({*(kind.component_name() for kind in component_classes()), *(each for each in ALIASES if find(each))})


# ---- what is computed


Answers = dict[tuple[str, ...], list[int]]
"""What was found for `near:`, `similar:` and `is:missing`, so that the pages of a query ask once."""


@dataclass(frozen=True)
class Asks:
    """Answers conditions that are no question to the database alone, and knows the query for the errors."""

    query: str
    session: Session
    library: Library | None
    answers: Answers

    def error(self, problem: str, where: Value | int) -> QueryError:
        """Return the error for a value, or a column."""
        return QueryError(problem, self.query, where if isinstance(where, int) else getattr(where, "column", 0))

    def words(self, node: Condition) -> list[str]:
        """Return the values of a condition that takes words."""
        words = [value.text.lower() for value in node.values if isinstance(value, Text)]
        if node.operator not in (":", ":=") or len(words) != len(node.values):
            raise self.error(f"{node.name} takes words after a ':'", node.column)
        if node.name == "kind" and (wrong := next((word for word in words if word not in list(Kind)), None)):
            raise self.error(
                f"there is no kind {wrong!r}{nearest(wrong, list(Kind)) or ': ' + ', '.join(Kind)}",
                node.values[words.index(wrong)],
            )
        return words

    def listed(self, node: Condition) -> list[int]:
        """Return the assets that `near:` or `similar:` finds."""
        self.words(node)
        texts = [value for value in node.values if isinstance(value, Text)]
        key = (node.name, *(value.text for value in texts))
        if key not in self.answers:
            self.answers[key] = self._near(texts) if node.name == "near" else self._similar(texts)
        return self.answers[key]

    def _near(self, values: Sequence[Text]) -> list[int]:
        north, east, distance = self._place(values)
        gps = GpsComponent
        span = math.degrees(distance / EARTH_RADIUS)
        statement = select(gps.entity_id, gps.latitude, gps.longitude).where(
            gps.latitude.between(north - span, north + span)
        )
        widest = math.cos(math.radians(min(90.0, abs(north) + span)))
        if widest > math.sin(math.radians(span)) and (wide := span / widest) + abs(east) < 180:  # noqa: PLR2004
            statement = statement.where(gps.longitude.between(east - wide, east + wide))
        rows = self.session.execute(statement)
        return sorted({id_ for id_, *place in rows if haversine((north, east), (place[0], place[1])) <= distance})

    def _place(self, values: Sequence[Text]) -> tuple[float, float, float]:
        """Return latitude, longitude and distance in kilometres."""
        hint = "give near:LATITUDE,LONGITUDE,DISTANCE, such as near:52.5,13.4,5km"
        if len(values) not in (2, 3):
            raise self.error(hint, values[0])
        try:
            north, east = float(values[0].text), float(values[1].text)
        except ValueError:
            raise self.error(hint, values[0]) from None
        far = _DISTANCE.fullmatch(values[2].text if len(values) > 2 else "1km")  # noqa: PLR2004
        if not far:
            raise self.error(f"{values[2].text!r} is no distance: give 5km, 300m or 2mi", values[2])
        if not (abs(north) <= 90 and abs(east) <= 180):  # noqa: PLR2004  also of no number
            raise self.error("there is no such place: latitudes are -90 to 90, longitudes -180 to 180", values[0])
        return north, east, float(far[1]) * _KILOMETRES[far[2]]

    def _similar(self, values: Sequence[Text]) -> list[int]:
        from dam.services.similar.search import find_similar  # noqa: PLC0415  heavy, and seldom asked for

        library, found = self._opened("similar:", values[0]), set[int]()
        release(self.session)
        for value in values:
            try:
                result = find_similar(library, value.text)
            except UsageError as exc:
                raise self.error(str(exc), value) from exc
            except DamError as exc:
                raise type(exc)(f"similar:{value.text}: {exc}") from exc
            if result.error:
                raise self.error(f"{value.text}: {result.error}", value)
            found.update(each.match.entity_id for each in result.found)
        return sorted(found)

    def computed(self, node: Condition, state: str) -> list[int]:
        """Return the assets in a state that needs the store."""
        if (state,) not in self.answers:
            self.answers[(state,)] = self._missing(node, state)
        return self.answers[(state,)]

    def _missing(self, node: Condition, state: str) -> list[int]:
        library = self._opened(f"is:{state}", node.values[0])
        location, sha256 = FileLocationComponent, ContentHashSha256Component
        rows = self.session.execute(
            select(location.entity_id, location.file_identifier)
            .join(sha256, sha256.entity_id == location.entity_id)
            .where(location.storage_type == library.store.storage_type)
        ).all()
        release(self.session)
        return sorted(entity_id for entity_id, key in rows if library.store.path(key) is None)

    def _opened(self, what: str, value: Value) -> Library:
        if self.library is None:
            raise self.error(f"{what} needs the library, not a session alone", value)
        return self.library


def haversine(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two places, in degrees north and east, in kilometres."""
    north, east, north2, east2 = map(math.radians, (*one, *other))
    half = math.sin((north2 - north) / 2) ** 2 + math.cos(north) * math.cos(north2) * math.sin((east2 - east) / 2) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(half)))


def escaped(text: str) -> str:
    """Return a text as a glob that matches it literally."""
    return re.sub(r"([*?\\])", r"\\\1", text)
