"""The container of a video or audio file."""

import json

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.container_component import ContainerComponent
from dam.systems.system import system


@system(kinds={Kind.VIDEO, Kind.AUDIO}, produces=ContainerComponent, version=1)
def container(sample: Sample) -> ContainerComponent:
    """Format, duration, bit rate, creation time and metadata of the container."""
    found = sample.container
    return ContainerComponent(
        format=found.format,
        duration=found.duration,
        bit_rate=found.bit_rate,
        created=found.created,
        tags=json.dumps(found.tags, sort_keys=True),
    )
