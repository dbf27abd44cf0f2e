"""Technical properties of an audio file."""

from dam.core.errors import DecodeError
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.audio_properties_component import AudioPropertiesComponent
from dam.systems.system import system


@system(kinds={Kind.AUDIO}, produces=AudioPropertiesComponent, version=1)
def audio_properties(sample: Sample) -> AudioPropertiesComponent:
    """Container, codec, sample rate, channels, duration and bit rate of the first audio stream."""
    container = sample.container
    if not container.audio:
        raise DecodeError("the file has no audio stream")
    audio = container.audio[0]
    return AudioPropertiesComponent(
        container=container.format,
        codec=audio.codec,
        sample_rate=audio.sample_rate,
        channels=audio.channels,
        duration_seconds=container.duration,
        bit_rate=audio.bit_rate or container.bit_rate,
    )
