"""What became of an asset in an export."""

from dataclasses import dataclass
from enum import StrEnum

from dam.services.export.template import DEFAULT_TEMPLATE
from dam.storage.modes import Mode


class Status(StrEnum):
    """What became of an asset."""

    WRITTEN = "written"
    PRESENT = "present"
    """The folder had it already, with the right content."""
    FAILED = "failed"


class SidecarName(StrEnum):
    """How sidecars are named."""

    FULL = "full"
    """`photo.jpg.xmp`."""
    STEM = "stem"
    """`photo.xmp`."""


@dataclass(frozen=True)
class ExportOptions:
    """How assets are exported."""

    template: str = DEFAULT_TEMPLATE
    mode: Mode = Mode.COPY
    """COPY, REFLINK or HARDLINK."""
    windows: bool = False
    """Whether names are legal on Windows, and do not differ in case only."""
    metadata: bool = False
    """Whether `metadata.jsonl` is written beside the files."""
    parquet: bool = False
    """Whether that is `metadata.parquet`."""
    bag: bool = False
    """Whether the folder becomes a BagIt bag (RFC 8493)."""
    xmp: SidecarName | None = None
    """Whether each file gets an XMP sidecar, and its name."""
    dry_run: bool = False

    @property
    def strict_names(self) -> bool:
        """Whether names are legal everywhere."""
        return self.windows or self.bag

    @property
    def metadata_name(self) -> str | None:
        """The name of the file of metadata; None if there is none. A bag always has one."""
        if self.parquet:
            return "metadata.parquet"
        return "metadata.jsonl" if self.metadata or self.bag else None


@dataclass(frozen=True)
class Exported:
    """An asset, and what became of it. Reported once it is durable."""

    entity_id: int
    sha256: str
    size: int
    status: Status
    path: str | None = None
    """The absolute path of the file; None if it failed."""
    sidecar: str | None = None
    """The absolute path of its XMP sidecar."""
    mirror: str | None = None
    """The mirror that it was read from, as its blob is damaged or missing."""
    error: str | None = None
