"""Path from which a file was ingested."""

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dam.models.base_component import BaseComponent

UNSETTLED = -(2**63)
"""Stands for the change time of a file whose state must not be trusted; see `FileState.is_settled`."""


class SourcePathComponent(BaseComponent):
    """A path from which an asset was ingested, and the state of the file, so that a rescan can skip unchanged files.

    `path` has the bytes of the absolute path, `path_display` a displayable form. `path_digest` is the BLAKE2b-128 of
    `path`; it is indexed instead of the path, which can exceed the maximum size of an index entry. `folder_digest` is
    the digest of the parent folder, by which a rescan looks up all files of a folder at once. `size`, `mtime_ns`,
    `inode` and `ctime_ns` are as the file system told them before the file was read.
    """

    SEARCHED = ("filename",)
    __tablename__ = "component_source_path"
    __table_args__ = (
        UniqueConstraint("entity_id", "path_digest"),
        Index(None, "path_digest"),
        Index(None, "folder_digest"),
        Index(None, "filename", "entity_id"),
    )

    path: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    path_digest: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    folder_digest: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    path_display: Mapped[str] = mapped_column(Text)
    filename: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    ctime_ns: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """Change time; null in rows that were written before it was recorded.

    `UNSETTLED` if the file was so new that a change after it was read could have gone unnoticed: no file has that
    time, so the next ingest reads it again.
    """
