"""Inverted index of audio fingerprints."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_index_row import BaseIndexRow
from dam.models.types import BigInt


class AudioAnchor(BaseIndexRow):
    """A sub-fingerprint (`key`) and its position in an audio fingerprint; at most 128 per entity."""

    __tablename__ = "audio_anchors"
    __table_args__ = (Index("ix_audio_anchors_key", "key"), {"sqlite_with_rowid": False})

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=1)
    key: Mapped[int] = mapped_column(BigInt, sort_order=2)
