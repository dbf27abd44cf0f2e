"""The camera and lens of an image."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.camera_component import CameraComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=CameraComponent, version=1, reads_sidecar=True)
def image_camera(sample: Sample) -> CameraComponent | None:
    """Make, model and lens from the metadata."""
    said = sample.metadata.common
    if not (said.make or said.model or said.lens):
        return None
    return CameraComponent(make=said.make, model=said.model, lens=said.lens)
