"""What identifies the content of an asset, in one statement."""

from typing import Any

from sqlalchemy import Select, select

from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_properties_component import FilePropertiesComponent


def select_identity(*more: Any) -> Select[Any]:
    """Select entity id, SHA-256, MD5, size in bytes and media type of all assets, and `more` columns after them."""
    sha256, md5, properties = ContentHashSha256Component, ContentHashMd5Component, FilePropertiesComponent
    columns = (sha256.entity_id, sha256.hash_value, md5.hash_value, properties.file_size_bytes, properties.media_type)
    return (
        select(*columns, *more)
        .join(md5, md5.entity_id == sha256.entity_id)
        .join(properties, properties.entity_id == sha256.entity_id)
    )
