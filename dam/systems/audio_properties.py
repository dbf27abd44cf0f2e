"""What a recording is."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.audio_properties_component import AudioPropertiesComponent
from dam.systems.system import system


@system(kinds={Kind.AUDIO}, produces=AudioPropertiesComponent, version=1)
def audio_properties(sample: Sample) -> AudioPropertiesComponent:
    """Container, codec, sample rate, channels, duration and bit rate."""
    audio = sample.audio
    return AudioPropertiesComponent(
        container=audio.container,
        codec=audio.codec,
        sample_rate=audio.sample_rate,
        channels=audio.channels,
        duration_seconds=audio.duration_seconds,
        bit_rate=audio.bit_rate,
    )
