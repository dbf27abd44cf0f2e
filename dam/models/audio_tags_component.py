"""Tags of an audio file."""

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class AudioTagsComponent(BaseComponent):
    """Title, artist, album, track and year from the tags of an audio file; other tags as a JSON object in `more`."""

    SEARCHED = ("title", "artist", "album")
    __tablename__ = "component_audio_tags"
    __table_args__ = (UniqueConstraint("entity_id"),)

    title: Mapped[str | None] = mapped_column(Text)
    artist: Mapped[str | None] = mapped_column(Text)
    album: Mapped[str | None] = mapped_column(Text)
    track: Mapped[int | None]
    year: Mapped[int | None]
    more: Mapped[str] = mapped_column(Text)
