"""XMP sidecar of an image."""

from hashlib import sha256

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.xmp_sidecar_component import XmpSidecarComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=XmpSidecarComponent, version=1, reads_sidecar=True)
def image_xmp_sidecar(sample: Sample) -> XmpSidecarComponent | None:
    """Digest and content of the XMP sidecar beside the source."""
    packet = sample.sidecar
    return XmpSidecarComponent(digest=sha256(packet).hexdigest(), packet=packet) if packet else None
