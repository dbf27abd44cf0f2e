"""The frames of an animated image."""

from dam.media.images.animation import read_animation
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.animation_component import AnimationComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=AnimationComponent, version=1)
def image_animation(sample: Sample) -> AnimationComponent | None:
    """Frames, duration and loops of GIF, WebP and APNG."""
    with sample.open_content() as stream:
        found = read_animation(stream, sample.media_type)
    return AnimationComponent(frames=found.frames, duration_ms=found.duration_ms, loops=found.loops) if found else None
