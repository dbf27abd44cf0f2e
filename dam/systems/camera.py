"""Camera and lens of an image or video."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.camera_component import CameraComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE, Kind.VIDEO}, produces=CameraComponent, version=2, reads_sidecar=True)
def camera(sample: Sample) -> CameraComponent | None:
    """Make, model and lens from the metadata."""
    fields = sample.metadata.common
    if not (fields.make or fields.model or fields.lens):
        return None
    return CameraComponent(make=fields.make, model=fields.model, lens=fields.lens)
