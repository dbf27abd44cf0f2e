"""Views for people who look at a library with SQL: readable hashes, paths and names, without the trash.

The full text has no migration, see setup-db; it goes before any downgrade, since it is on tables that change.

A later migration that rebuilds a table of these drops the views before, and makes them again after. They are documented
in doc/sql_views.md.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PRESENT = "NOT EXISTS (SELECT 1 FROM component_trashed WHERE component_trashed.entity_id = {0}.entity_id)"

ASSETS = """
SELECT
    properties.entity_id AS asset,
    properties.original_filename AS name,
    properties.media_type,
    properties.file_size_bytes AS size,
    {sha256} AS sha256,
    dimensions.width,
    dimensions.height,
    container.duration,
    capture.local_time AS taken,
    camera.make,
    camera.model,
    camera.lens,
    gps.latitude,
    gps.longitude,
    coalesce(annotation.title, description.title) AS title,
    coalesce(annotation.description, description.description) AS description,
    coalesce(annotation.rating, description.rating) AS rating,
    properties.created_at AS added
FROM component_file_properties AS properties
JOIN component_content_hash_sha256 AS digest ON digest.entity_id = properties.entity_id
LEFT JOIN component_dimensions AS dimensions ON dimensions.entity_id = properties.entity_id
LEFT JOIN component_container AS container ON container.entity_id = properties.entity_id
LEFT JOIN component_capture AS capture ON capture.entity_id = properties.entity_id
LEFT JOIN component_camera AS camera ON camera.entity_id = properties.entity_id
LEFT JOIN component_gps AS gps ON gps.entity_id = properties.entity_id
LEFT JOIN component_description AS description ON description.entity_id = properties.entity_id
LEFT JOIN component_annotation AS annotation ON annotation.entity_id = properties.entity_id
WHERE {present}
"""

SOURCES = """
SELECT entity_id AS asset, path_display AS path, filename AS name, size, created_at AS added
FROM component_source_path
WHERE {present}
"""

TAGS = """
SELECT entity_id AS asset, tag FROM component_tag WHERE {present}
"""

COLLECTIONS = """
SELECT name, position, entity_id AS asset FROM component_collection WHERE {present}
"""

IMAGE_HASHES = """
SELECT phash.entity_id AS asset, {phash} AS phash, {ahash} AS ahash, {dhash} AS dhash
FROM component_image_perceptual_hash_phash AS phash
LEFT JOIN component_image_perceptual_hash_ahash AS ahash ON ahash.entity_id = phash.entity_id
LEFT JOIN component_image_perceptual_hash_dhash AS dhash ON dhash.entity_id = phash.entity_id
WHERE {present}
"""

VIEWS = {
    "view_assets": (ASSETS, "properties"),
    "view_sources": (SOURCES, "component_source_path"),
    "view_tags": (TAGS, "component_tag"),
    "view_collections": (COLLECTIONS, "component_collection"),
    "view_image_hashes": (IMAGE_HASHES, "phash"),
}


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    hash_of = "printf('%016x', {0}.hash_value)" if is_sqlite else "lpad(to_hex({0}.hash_value), 16, '0')"
    readable = {name: hash_of.format(name) for name in ("phash", "ahash", "dhash")}
    readable["sha256"] = "lower(hex(digest.hash_value))" if is_sqlite else "encode(digest.hash_value, 'hex')"
    for name, (query, table) in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query.format(present=PRESENT.format(table), **readable).strip()}")


def downgrade() -> None:
    drop_full_text()
    for name in reversed(VIEWS):
        op.execute(f"DROP VIEW {name}")


def drop_full_text() -> None:
    """Drop the indexes of words, which setup-db makes: they would outlive the tables that they are on."""
    if context.is_offline_mode():
        return
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        names = connection.scalars(sa.text("SELECT indexname FROM pg_indexes WHERE starts_with(indexname, 'search_')"))
        for name in names.all():
            op.execute(f"DROP INDEX {name}")
        for function in ("dam_words(text)", "dam_fold(text)"):
            op.execute(f"DROP FUNCTION IF EXISTS {function}")
        return
    made = (
        "SELECT type, name FROM sqlite_master WHERE name LIKE 'search!_%' ESCAPE '!' "
        "AND (type = 'trigger' OR sql LIKE 'CREATE VIRTUAL TABLE%')"
    )
    for kind, name in sorted(connection.execute(sa.text(made)).all(), reverse=True):
        op.execute(f"DROP {kind} {name}")
