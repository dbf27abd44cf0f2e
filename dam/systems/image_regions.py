"""Regions of an image that programs have marked."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.region_component import RegionComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=RegionComponent, version=1, reads_sidecar=True)
def image_regions(sample: Sample) -> list[RegionComponent]:
    """Faces and other regions of XMP, with their names."""
    return [
        RegionComponent(
            position=position,
            kind=region.kind,
            name=region.name,
            left=region.left,
            top=region.top,
            width=region.width,
            height=region.height,
        )
        for position, region in enumerate(sample.metadata.common.regions or ())
    ]
