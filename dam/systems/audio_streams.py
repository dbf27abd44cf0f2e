"""Audio streams of a file."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.audio_stream_component import AudioStreamComponent
from dam.systems.system import system


@system(kinds={Kind.VIDEO, Kind.AUDIO}, produces=AudioStreamComponent, version=1)
def audio_streams(sample: Sample) -> list[AudioStreamComponent]:
    """Codec, sample rate, channels, bit rate and language of each audio stream."""
    return [
        AudioStreamComponent(
            stream_index=stream.index,
            codec=stream.codec,
            sample_rate=stream.sample_rate,
            channels=stream.channels,
            bit_rate=stream.bit_rate,
            language=stream.language,
        )
        for stream in sample.container.audio
    ]
