"""Frame count and timing of an animated image."""

from dam.media.images.animation import read_animation
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.animation_component import AnimationComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE}, produces=AnimationComponent, version=1)
def image_animation(sample: Sample) -> AnimationComponent | None:
    """Frame count, duration and loop count of animated GIF, WebP and PNG."""
    with sample.open_content() as stream:
        animation = read_animation(stream, sample.media_type)
    return (
        AnimationComponent(frames=animation.frames, duration_ms=animation.duration_ms, loops=animation.loops)
        if animation
        else None
    )
