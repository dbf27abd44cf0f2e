"""What an export says of assets: read for a page of them, in a constant number of statements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.media.kinds import kind_of
from dam.models.camera_component import CameraComponent
from dam.models.capture_component import CaptureComponent
from dam.models.collection_component import CollectionComponent
from dam.models.container_component import ContainerComponent
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.dimensions_component import DimensionsComponent
from dam.models.entity import Entity
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.gps_component import GpsComponent
from dam.models.source_path_component import SourcePathComponent
from dam.models.tag_component import TagComponent
from dam.services.catalogue.trashed import is_present
from dam.services.components.identity import select_identity
from dam.services.user_data.effective import Effective, effective

NOTHING = Effective()


@dataclass(frozen=True)
class Facts:
    """What an export says of an asset."""

    entity_id: int
    sha256: str
    md5: str
    size: int
    media_type: str
    original_filename: str
    added: datetime
    taken: str | None
    """Local time of the camera, as ISO 8601."""
    width: int | None
    height: int | None
    duration: float | None
    make: str | None
    model: str | None
    lens: str | None
    latitude: float | None
    longitude: float | None
    said: Effective = NOTHING
    """Title, description, rating and notes: by the user, or else by the file."""
    tags: Sequence[str] = field(default=())
    collections: Sequence[str] = field(default=())
    sources: Sequence[str] = field(default=())
    mtime_ns: int | None = None
    """Modification time of the first source."""

    @property
    def kind(self) -> str:
        """The kind of the content."""
        return kind_of(self.media_type).value


def read_facts(session: Session, entity_ids: Sequence[int]) -> list[Facts]:
    """Return the facts of a page of assets, ascending by id; those in the trash are left out."""
    ids = list(entity_ids)
    said, tags = effective(session, ids), _lists(session, TagComponent.tag, ids, TagComponent.tag)
    collections = _lists(session, CollectionComponent.name, ids, CollectionComponent.name)
    sources, times = _sources(session, ids)
    page: list[tuple[Any, ...]] = [tuple(row) for row in session.execute(_identities(ids))]
    lists: list[dict[int, list[str]]] = [tags, collections, sources]
    return [
        Facts(*row, *(said.get(row[0], NOTHING), *(each.get(row[0], []) for each in lists), times.get(row[0])))
        for row in page
    ]


def _identities(ids: Iterable[int]) -> Any:
    asset = ContentHashSha256Component.entity_id
    columns = (
        FilePropertiesComponent.original_filename,
        Entity.created_at,
        CaptureComponent.local_time,
        DimensionsComponent.width,
        DimensionsComponent.height,
        ContainerComponent.duration,
        CameraComponent.make,
        CameraComponent.model,
        CameraComponent.lens,
        GpsComponent.latitude,
        GpsComponent.longitude,
    )
    statement = select_identity(*columns).join(Entity, Entity.id == asset)
    for kind in (CaptureComponent, DimensionsComponent, ContainerComponent, CameraComponent, GpsComponent):
        statement = statement.outerjoin(kind, kind.entity_id == asset)
    return statement.where(asset.in_(list(ids)), is_present(asset)).order_by(asset)


def _lists(session: Session, column: Any, ids: Iterable[int], order: Any) -> dict[int, list[str]]:
    """Return the texts of a component that an asset has several of."""
    entity_id = column.class_.entity_id
    found: dict[int, list[str]] = {}
    for owner, text in session.execute(select(entity_id, column).where(entity_id.in_(ids)).order_by(entity_id, order)):
        found.setdefault(owner, []).append(text)
    return found


def _sources(session: Session, ids: Iterable[int]) -> tuple[dict[int, list[str]], dict[int, int]]:
    """Return the source paths of assets, and the modification times of the first of each."""
    table = SourcePathComponent
    paths: dict[int, list[str]] = {}
    times: dict[int, int] = {}
    statement = select(table.entity_id, table.path_display, table.mtime_ns).where(table.entity_id.in_(ids))
    for entity_id, path, mtime_ns in session.execute(statement.order_by(table.id)):
        paths.setdefault(entity_id, []).append(path)
        times.setdefault(entity_id, mtime_ns)
    return paths, times
