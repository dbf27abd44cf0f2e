"""Tags of an audio file."""

import json

from dam.media.audio.tags import read_tags
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.audio_tags_component import AudioTagsComponent
from dam.systems.system import system


@system(kinds={Kind.AUDIO}, produces=AudioTagsComponent, version=2)
def audio_tags(sample: Sample) -> AudioTagsComponent | None:
    """Title, artist, album, track, year and other tags; none if the file has no tags."""
    with sample.open_content() as stream:
        tags = read_tags(stream, sample.container.tags)
    if tags is None:
        return None
    return AudioTagsComponent(
        title=tags.title,
        artist=tags.artist,
        album=tags.album,
        track=tags.track,
        year=tags.year,
        more=json.dumps(tags.more, ensure_ascii=False),
    )
