"""What has the sound of a video, beside what shows the same pictures."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from dam.core.errors import DecodeError
from dam.media.sample import Sample
from dam.services.similar import audio as similar_audio
from dam.services.similar.match import SimilarMatch


def with_sound(session: Session, sample: Sample, shown: Sequence[SimilarMatch]) -> list[SimilarMatch]:
    """Return what was found by the pictures of a video, and all that has its sound, best first.

    What is found by both is told once: as found by its pictures, with the other in reason and details. A video whose
    sound cannot be decoded is judged by its pictures alone.
    """
    try:
        heard = similar_audio.find_similar(session, sample)
    except DecodeError:
        return list(shown)
    by_sound = {match.entity_id: match for match in heard}
    both = [_joined(match, by_sound.pop(match.entity_id, None)) for match in shown]
    return sorted([*both, *by_sound.values()], key=lambda match: (-match.score, match.entity_id))


def _joined(shown: SimilarMatch, heard: SimilarMatch | None) -> SimilarMatch:
    if heard is None:
        return shown
    sound = {"score": heard.score, **heard.details}
    return replace(shown, reason=f"{shown.reason}; by sound: {heard.reason}", details={**shown.details, "sound": sound})
