"""Position at which an image or video was taken."""

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.gps_component import GpsComponent
from dam.systems.system import system


@system(kinds={Kind.IMAGE, Kind.VIDEO}, produces=GpsComponent, version=2, reads_sidecar=True)
def gps(sample: Sample) -> GpsComponent | None:
    """Latitude, longitude and altitude from the metadata."""
    fields = sample.metadata.common
    if fields.latitude is None or fields.longitude is None:
        return None
    return GpsComponent(latitude=fields.latitude, longitude=fields.longitude, altitude=fields.altitude)
