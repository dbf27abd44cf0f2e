"""What a library holds: counts, bytes and growth, and what duplicates cost. A constant number of statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, cast, extract, func, select
from sqlalchemy.orm import Session

from dam.media.kinds import kind_of
from dam.models.camera_component import CameraComponent
from dam.models.capture_component import CaptureComponent
from dam.models.entity import Entity
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.models.image_pixel_digest_component import ImagePixelDigestComponent
from dam.models.tag_component import TagComponent
from dam.services.library import Library
from dam.services.query.select import matching

MAX_SHARES = 100
"""Maximum number of cameras, and of tags: those with the most bytes."""

SIZE = FilePropertiesComponent.file_size_bytes
COUNT = func.count(FilePropertiesComponent.id)
BYTES = func.sum(SIZE)


@dataclass(frozen=True)
class Share:
    """The assets that have something in common."""

    name: str
    assets: int
    bytes: int


@dataclass(frozen=True)
class Month:
    """What came into the library in a month of UTC, and what it then held."""

    month: str
    """Such as `2026-05`."""
    assets: int
    bytes: int
    kinds: dict[str, int]
    """Bytes that came, by kind."""
    total_assets: int
    total_bytes: int


@dataclass(frozen=True)
class Surplus:
    """What duplicates take: groups of equal assets, and all of them but the largest of each group."""

    groups: int
    assets: int
    bytes: int


@dataclass(frozen=True)
class Stats:
    """Statistics of the assets that match a query; the trash is left out."""

    assets: int
    bytes: int
    kinds: tuple[Share, ...]
    formats: tuple[Share, ...]
    months: tuple[Month, ...]
    """By the month in which the assets were added; months without any are left out."""
    taken: tuple[Share, ...]
    """By the month in which they were taken, ascending."""
    cameras: tuple[Share, ...]
    tags: tuple[Share, ...]
    content: Surplus
    """Images whose compressed data are equal: their metadata differ."""
    pixels: Surplus
    """Images whose pixels are known to be equal. `find-duplicates` compares them where it needs to."""


def statistics(library: Library, query: str = "") -> Stats:
    """Return the statistics of the assets that match a query.

    Raises:
        QueryError: the query has a mistake.

    """
    with library.read() as session:
        chosen = matching(session, query, library=library).subquery()
        among = FilePropertiesComponent.entity_id.in_(select(chosen.c[0]))
        added = session.execute(_by_month(session, among)).all()
        return Stats(
            assets=sum(row.assets for row in added),
            bytes=sum(int(row.bytes) for row in added),
            kinds=_shares(added, lambda row: kind_of(row.media_type).value),
            formats=_shares(added, lambda row: row.media_type),
            months=_months(added),
            taken=_listed(session, _taken(among)),
            cameras=_cameras(session, among),
            tags=_listed(session, _tags(among)),
            content=_surplus(session, ImageDataDigestComponent, among),
            pixels=_surplus(session, ImagePixelDigestComponent, among),
        )


def _by_month(session: Session, among: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    created: Any = Entity.created_at
    if session.get_bind().dialect.name == "postgresql":
        created = func.timezone("UTC", created)
    month = (cast(extract("year", created), Integer) * 100 + cast(extract("month", created), Integer)).label("month")
    media_type = FilePropertiesComponent.media_type
    return (
        select(month, media_type, COUNT.label("assets"), BYTES.label("bytes"))
        .join(Entity, Entity.id == FilePropertiesComponent.entity_id)
        .where(among)
        .group_by(month, media_type)
        .order_by(month)
    )


def _shares(rows: Iterable[Any], name: Callable[[Any], str]) -> tuple[Share, ...]:
    """Return the shares of rows by a name, the largest first."""
    assets: dict[str, int] = defaultdict(int)
    size: dict[str, int] = defaultdict(int)
    for row in rows:
        assets[name(row)] += row.assets
        size[name(row)] += int(row.bytes)
    return tuple(Share(each, assets[each], size[each]) for each in sorted(size, key=lambda each: (-size[each], each)))


def _months(rows: Iterable[Row[Any]]) -> tuple[Month, ...]:
    by_month: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_month[row.month].append(row)
    months: list[Month] = []
    assets = size = 0
    for month, added in sorted(by_month.items()):
        kinds = {share.name: share.bytes for share in _shares(added, lambda row: kind_of(row.media_type).value)}
        count, came = sum(row.assets for row in added), sum(kinds.values())
        assets, size = assets + count, size + came
        months.append(Month(f"{month // 100:04}-{month % 100:02}", count, came, kinds, assets, size))
    return tuple(months)


def _taken(among: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    month = func.substr(CaptureComponent.local_time, 1, len("2026-05")).label("name")
    statement = select(month, COUNT, BYTES).join(
        CaptureComponent, CaptureComponent.entity_id == FilePropertiesComponent.entity_id
    )
    return statement.where(among, CaptureComponent.local_time.is_not(None)).group_by(month).order_by(month)


def _cameras(session: Session, among: ColumnElement[bool]) -> tuple[Share, ...]:
    """Return the shares of cameras by make and model; many a model begins with the make."""
    camera = CameraComponent
    statement = (
        select(camera.make, camera.model, COUNT.label("assets"), BYTES.label("bytes"))
        .join(camera, camera.entity_id == FilePropertiesComponent.entity_id)
        .where(among, camera.make.is_not(None) | camera.model.is_not(None))
        .group_by(camera.make, camera.model)
        .order_by(BYTES.desc(), camera.make, camera.model)
        .limit(MAX_SHARES)
    )
    return _shares(session.execute(statement).all(), lambda row: _camera_name(row.make or "", row.model or ""))


def _camera_name(make: str, model: str) -> str:
    return model if model.lower().startswith(make.lower()) and model else f"{make} {model}".strip()


def _tags(among: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    tag = TagComponent.tag
    statement = select(tag, COUNT, BYTES).join(
        TagComponent, TagComponent.entity_id == FilePropertiesComponent.entity_id
    )
    return statement.where(among).group_by(tag).order_by(BYTES.desc(), tag).limit(MAX_SHARES)


def _listed(session: Session, statement: Select[*tuple[Any, ...]]) -> tuple[Share, ...]:
    return tuple(Share(name, count, int(size)) for name, count, size in session.execute(statement))


def _surplus(session: Session, table: Any, among: ColumnElement[bool]) -> Surplus:
    """Return what the groups of equal digests take beyond their largest asset each."""
    groups = (
        select(COUNT.label("assets"), (BYTES - func.max(SIZE)).label("bytes"))
        .join(table, table.entity_id == FilePropertiesComponent.entity_id)
        .where(among, table.digest.is_not(None))
        .group_by(table.digest)
        .having(COUNT > 1)
        .subquery()
    )
    row = session.execute(select(func.count(), func.sum(groups.c.assets), func.sum(groups.c.bytes))).one()
    return Surplus(row[0], int(row[1] or 0) - row[0], int(row[2] or 0))
