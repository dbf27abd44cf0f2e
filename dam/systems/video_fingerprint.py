"""Fingerprint of a video, and the anchors that index it."""

from collections.abc import Sequence

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.video_anchor import VideoAnchor
from dam.models.video_fingerprint_component import VideoFingerprintComponent
from dam.systems.system import Row, system


@system(kinds={Kind.VIDEO}, produces=VideoFingerprintComponent, index=VideoAnchor, version=1)
def video_fingerprint(sample: Sample) -> Sequence[Row]:
    """Time and pHash of sampled frames, and the anchors among them."""
    from dam.media.video.fingerprint import anchors, keys  # noqa: PLC0415  needs the video extra

    found = sample.video
    chosen = anchors(found)
    rows = zip(chosen.tolist(), keys(found.hashes[chosen]), strict=True)
    return [
        VideoFingerprintComponent(pictures=found.to_bytes()),
        *(
            {"number": number, "time": int(found.times[one]), "upper": key.upper, "lower": key.lower}
            for number, (one, key) in enumerate(rows)
        ),
    ]
