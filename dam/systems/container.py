"""Container of a video or audio file."""

import json

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.container_component import ContainerComponent
from dam.systems.system import system


@system(kinds={Kind.VIDEO, Kind.AUDIO}, produces=ContainerComponent, version=2)
def container(sample: Sample) -> ContainerComponent:
    """Format, duration, bit rate, creation time and metadata of the container."""
    probed = sample.container
    return ContainerComponent(
        format=probed.format,
        duration=probed.duration,
        bit_rate=probed.bit_rate,
        created=probed.created,
        tags=json.dumps(probed.tags, sort_keys=True),
    )
