"""The Chromaprint fingerprint of a recording, and the anchors that find it."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.audio_anchor import AudioAnchor
from dam.models.audio_fingerprint_component import AudioFingerprintComponent
from dam.systems.system import Row, system


@system(kinds={Kind.AUDIO}, produces=AudioFingerprintComponent, version=1, index=AudioAnchor)
def audio_fingerprint(sample: Sample) -> list[Row]:
    """Chromaprint of the first ten minutes, of what is not too short for it."""
    from dam.media import audio_match  # noqa: PLC0415  needs the audio extra

    fingerprint = audio_match.as_array(sample.audio_fingerprint)
    if not len(fingerprint):
        return []
    anchors = audio_match.anchors(fingerprint)
    return [
        AudioFingerprintComponent(fingerprint=audio_match.to_bytes(fingerprint)),
        *(AudioAnchor(position=position, key=key) for position, key in anchors),
    ]
