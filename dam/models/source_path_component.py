"""Where a file was when it was ingested."""

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent


class SourcePathComponent(BaseComponent):
    """A source path of an asset and the file's state, so that a later scan can skip unchanged files.

    `path` has the raw bytes of the absolute path, `path_display` the same as text that can be shown. `path_digest`
    is the BLAKE2b-128 of `path`: what is looked up and kept unique, since a path can be too long for an index.
    `folder_digest` is that of the folder that it is in: a rescan asks once for all files of a folder.
    """

    __tablename__ = "component_source_path"
    __table_args__ = (
        UniqueConstraint("entity_id", "path_digest"),
        Index(None, "path_digest"),
        Index(None, "folder_digest"),
    )

    path: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    path_digest: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    folder_digest: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    path_display: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
