"""Time and exposure of an image or video."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.capture_component import CaptureComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE, Kind.VIDEO}, produces=CaptureComponent, version=2, reads_sidecar=True)
def capture(sample: Sample) -> CaptureComponent | None:
    """Time, exposure and orientation from the metadata."""
    fields = sample.metadata.common
    taken = fields.taken
    if taken is None and not (
        fields.exposure_seconds or fields.aperture or fields.iso or fields.focal_length or fields.orientation
    ):
        return None
    return CaptureComponent(
        local_time=taken.local if taken else None,
        offset_minutes=taken.offset if taken else None,
        moment=taken.utc if taken else None,
        exposure_seconds=fields.exposure_seconds,
        aperture=fields.aperture,
        iso=fields.iso,
        focal_length=fields.focal_length,
        orientation=fields.orientation,
    )
