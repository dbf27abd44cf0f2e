"""Chromaprint fingerprint of an audio stream, and the anchors that index it."""

from dam.core.errors import NoSoundError
from dam.media.audio.decoding import obstacle_of_sound
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.audio_anchor import AudioAnchor
from dam.models.audio_fingerprint_component import AudioFingerprintComponent
from dam.systems.system import Row, system


@system(
    kinds={Kind.AUDIO, Kind.VIDEO},
    produces=AudioFingerprintComponent,
    version=1,
    index=AudioAnchor,
    obstacle=obstacle_of_sound,
)
def audio_fingerprint(sample: Sample) -> list[Row]:
    """Chromaprint of the first ten minutes of the first audio stream; none if it is shorter than about 3 seconds."""
    from dam.media.audio import match as audio_match  # noqa: PLC0415  needs the audio extra

    try:
        fingerprint = audio_match.as_array(sample.audio_fingerprint)
    except NoSoundError:
        if sample.kind is Kind.VIDEO:
            return []
        raise
    if not len(fingerprint):
        return []
    anchors = audio_match.anchors(fingerprint)
    return [
        AudioFingerprintComponent(fingerprint=audio_match.to_bytes(fingerprint)),
        *({"position": position, "key": key} for position, key in anchors),
    ]
