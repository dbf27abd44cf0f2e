"""When and how an image was taken."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.capture_component import CaptureComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=CaptureComponent, version=1, reads_sidecar=True)
def image_capture(sample: Sample) -> CaptureComponent | None:
    """Time, exposure and orientation from the metadata."""
    said = sample.metadata.common
    taken = said.taken
    if taken is None and not (
        said.exposure_seconds or said.aperture or said.iso or said.focal_length or said.orientation
    ):
        return None
    return CaptureComponent(
        local_time=taken.local if taken else None,
        offset_minutes=taken.offset if taken else None,
        moment=taken.utc if taken else None,
        exposure_seconds=said.exposure_seconds,
        aperture=said.aperture,
        iso=said.iso,
        focal_length=said.focal_length,
        orientation=said.orientation,
    )
