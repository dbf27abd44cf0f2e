-- Schema 0016, written by doc/generate.py from the migrations: do not edit.

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE entities (
    id BIGSERIAL NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_entities PRIMARY KEY (id)
);

CREATE TABLE library (
    id INTEGER NOT NULL,
    uuid VARCHAR(36) NOT NULL,
    CONSTRAINT pk_library PRIMARY KEY (id),
    CONSTRAINT ck_library_only_one CHECK (id = 1)
);

CREATE TABLE system_sets (
    id BIGSERIAL NOT NULL,
    systems TEXT NOT NULL,
    CONSTRAINT pk_system_sets PRIMARY KEY (id),
    CONSTRAINT uq_system_sets_systems UNIQUE (systems)
);

CREATE TABLE system_records (
    entity_id BIGINT NOT NULL,
    system_set_id BIGINT NOT NULL,
    CONSTRAINT pk_system_records PRIMARY KEY (entity_id),
    CONSTRAINT fk_system_records_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE,
    CONSTRAINT fk_system_records_system_set_id_system_sets FOREIGN KEY(system_set_id) REFERENCES system_sets (id)
);

CREATE INDEX ix_system_records_system_set_id ON system_records (system_set_id);

CREATE TABLE component_file_location (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    file_identifier VARCHAR(255) NOT NULL,
    storage_type VARCHAR(64) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_file_location PRIMARY KEY (id),
    CONSTRAINT uq_component_file_location_entity_id_storage_type UNIQUE (entity_id, storage_type),
    CONSTRAINT uq_component_file_location_file_identifier_storage_type UNIQUE (file_identifier, storage_type),
    CONSTRAINT fk_component_file_location_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_file_properties (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    original_filename TEXT NOT NULL,
    file_size_bytes BIGINT NOT NULL,
    media_type VARCHAR(255) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_file_properties PRIMARY KEY (id),
    CONSTRAINT uq_component_file_properties_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_file_properties_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_content_hash_sha256 (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    hash_value BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_content_hash_sha256 PRIMARY KEY (id),
    CONSTRAINT uq_component_content_hash_sha256_entity_id UNIQUE (entity_id),
    CONSTRAINT uq_component_content_hash_sha256_hash_value UNIQUE (hash_value),
    CONSTRAINT fk_component_content_hash_sha256_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_content_hash_md5 (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    hash_value BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_content_hash_md5 PRIMARY KEY (id),
    CONSTRAINT uq_component_content_hash_md5_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_content_hash_md5_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_content_hash_md5_hash_value ON component_content_hash_md5 (hash_value);

CREATE TABLE component_dimensions (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_dimensions PRIMARY KEY (id),
    CONSTRAINT uq_component_dimensions_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_dimensions_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_image_perceptual_hash_phash (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    hash_value BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_image_perceptual_hash_phash PRIMARY KEY (id),
    CONSTRAINT uq_component_image_perceptual_hash_phash_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_image_perceptual_hash_phash_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_image_perceptual_hash_ahash (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    hash_value BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_image_perceptual_hash_ahash PRIMARY KEY (id),
    CONSTRAINT uq_component_image_perceptual_hash_ahash_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_image_perceptual_hash_ahash_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_image_perceptual_hash_dhash (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    hash_value BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_image_perceptual_hash_dhash PRIMARY KEY (id),
    CONSTRAINT uq_component_image_perceptual_hash_dhash_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_image_perceptual_hash_dhash_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_source_path (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    path BYTEA NOT NULL,
    path_digest BYTEA NOT NULL,
    folder_digest BYTEA NOT NULL,
    path_display TEXT NOT NULL,
    filename TEXT NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    inode BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_source_path PRIMARY KEY (id),
    CONSTRAINT uq_component_source_path_entity_id_path_digest UNIQUE (entity_id, path_digest),
    CONSTRAINT fk_component_source_path_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_source_path_path_digest ON component_source_path (path_digest);

CREATE INDEX ix_component_source_path_folder_digest ON component_source_path (folder_digest);

CREATE TABLE component_tag (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    tag VARCHAR(255) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_tag PRIMARY KEY (id),
    CONSTRAINT uq_component_tag_entity_id_tag UNIQUE (entity_id, tag),
    CONSTRAINT fk_component_tag_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_tag_tag ON component_tag (tag);

CREATE TABLE component_system_failure (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    system VARCHAR(64) NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_system_failure PRIMARY KEY (id),
    CONSTRAINT uq_component_system_failure_entity_id_system UNIQUE (entity_id, system),
    CONSTRAINT fk_component_system_failure_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE ingest_failures (
    id BIGSERIAL NOT NULL,
    path BYTEA NOT NULL,
    path_digest BYTEA NOT NULL,
    path_display TEXT NOT NULL,
    reason TEXT NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ingest_failures PRIMARY KEY (id),
    CONSTRAINT uq_ingest_failures_path_digest UNIQUE (path_digest)
);

CREATE TABLE component_image_luma (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    luma BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_image_luma PRIMARY KEY (id),
    CONSTRAINT uq_component_image_luma_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_image_luma_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_verdict (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    other_entity_id BIGINT NOT NULL,
    verdict VARCHAR(16) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_verdict PRIMARY KEY (id),
    CONSTRAINT uq_component_verdict_entity_id_other_entity_id UNIQUE (entity_id, other_entity_id),
    CONSTRAINT ck_component_verdict_in_order CHECK (entity_id < other_entity_id),
    CONSTRAINT fk_component_verdict_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE,
    CONSTRAINT fk_component_verdict_other_entity_id_entities FOREIGN KEY(other_entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_verdict_other_entity_id ON component_verdict (other_entity_id);

CREATE TABLE component_similar_pair (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    other_entity_id BIGINT NOT NULL,
    method VARCHAR(16) NOT NULL,
    distance SMALLINT NOT NULL,
    transform VARCHAR(16) NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_similar_pair PRIMARY KEY (id),
    CONSTRAINT uq_component_similar_pair_entity_id_other_entity_id_method UNIQUE (entity_id, other_entity_id, method),
    CONSTRAINT ck_component_similar_pair_in_order CHECK (entity_id < other_entity_id),
    CONSTRAINT fk_component_similar_pair_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE,
    CONSTRAINT fk_component_similar_pair_other_entity_id_entities FOREIGN KEY(other_entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_similar_pair_other_entity_id ON component_similar_pair (other_entity_id);

CREATE TABLE link_records (
    entity_id BIGINT NOT NULL,
    system_set_id BIGINT NOT NULL,
    rule BIGINT NOT NULL,
    CONSTRAINT pk_link_records PRIMARY KEY (entity_id),
    CONSTRAINT fk_link_records_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_image_data_digest (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_image_data_digest PRIMARY KEY (id),
    CONSTRAINT uq_component_image_data_digest_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_image_data_digest_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_image_data_digest_digest ON component_image_data_digest (digest);

CREATE TABLE component_image_pixel_digest (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    digest BYTEA,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_image_pixel_digest PRIMARY KEY (id),
    CONSTRAINT uq_component_image_pixel_digest_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_image_pixel_digest_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_image_perceptual_hash_phash_band_0 ON component_image_perceptual_hash_phash ((((((hash_value >> 0) & 85) | ((hash_value >> 15) & 170)) | ((hash_value >> 24) & 21760)) | ((hash_value >> 39) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_phash_band_1 ON component_image_perceptual_hash_phash ((((((hash_value >> 1) & 85) | ((hash_value >> 16) & 170)) | ((hash_value >> 25) & 21760)) | ((hash_value >> 40) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_phash_band_8 ON component_image_perceptual_hash_phash ((((((hash_value >> 8) & 85) | ((hash_value >> 23) & 170)) | ((hash_value >> 32) & 21760)) | ((hash_value >> 47) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_phash_band_9 ON component_image_perceptual_hash_phash ((((((hash_value >> 9) & 85) | ((hash_value >> 24) & 170)) | ((hash_value >> 33) & 21760)) | ((hash_value >> 48) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_ahash_band_0 ON component_image_perceptual_hash_ahash ((((((hash_value >> 0) & 85) | ((hash_value >> 15) & 170)) | ((hash_value >> 24) & 21760)) | ((hash_value >> 39) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_ahash_band_1 ON component_image_perceptual_hash_ahash ((((((hash_value >> 1) & 85) | ((hash_value >> 16) & 170)) | ((hash_value >> 25) & 21760)) | ((hash_value >> 40) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_ahash_band_8 ON component_image_perceptual_hash_ahash ((((((hash_value >> 8) & 85) | ((hash_value >> 23) & 170)) | ((hash_value >> 32) & 21760)) | ((hash_value >> 47) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_ahash_band_9 ON component_image_perceptual_hash_ahash ((((((hash_value >> 9) & 85) | ((hash_value >> 24) & 170)) | ((hash_value >> 33) & 21760)) | ((hash_value >> 48) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_dhash_band_0 ON component_image_perceptual_hash_dhash ((((((hash_value >> 0) & 85) | ((hash_value >> 15) & 170)) | ((hash_value >> 24) & 21760)) | ((hash_value >> 39) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_dhash_band_1 ON component_image_perceptual_hash_dhash ((((((hash_value >> 1) & 85) | ((hash_value >> 16) & 170)) | ((hash_value >> 25) & 21760)) | ((hash_value >> 40) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_dhash_band_8 ON component_image_perceptual_hash_dhash ((((((hash_value >> 8) & 85) | ((hash_value >> 23) & 170)) | ((hash_value >> 32) & 21760)) | ((hash_value >> 47) & 43520)));

CREATE INDEX ix_component_image_perceptual_hash_dhash_band_9 ON component_image_perceptual_hash_dhash ((((((hash_value >> 9) & 85) | ((hash_value >> 24) & 170)) | ((hash_value >> 33) & 21760)) | ((hash_value >> 48) & 43520)));

ALTER TABLE ingest_failures ADD COLUMN mode TEXT DEFAULT 'copy' NOT NULL;

ALTER TABLE ingest_failures ADD COLUMN tags TEXT DEFAULT '' NOT NULL;

CREATE TABLE component_container (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    format VARCHAR(128) NOT NULL,
    duration DOUBLE PRECISION,
    bit_rate BIGINT,
    created TIMESTAMP WITH TIME ZONE,
    tags TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_container PRIMARY KEY (id),
    CONSTRAINT uq_component_container_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_container_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_video_stream (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    stream_index INTEGER NOT NULL,
    codec VARCHAR(64) NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frame_rate DOUBLE PRECISION,
    bit_rate BIGINT,
    rotation INTEGER NOT NULL,
    pixel_format VARCHAR(64),
    is_cover BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_video_stream PRIMARY KEY (id),
    CONSTRAINT uq_component_video_stream_entity_id_stream_index UNIQUE (entity_id, stream_index),
    CONSTRAINT fk_component_video_stream_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_audio_stream (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    stream_index INTEGER NOT NULL,
    codec VARCHAR(64) NOT NULL,
    sample_rate INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    bit_rate BIGINT,
    language VARCHAR(16),
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_audio_stream PRIMARY KEY (id),
    CONSTRAINT uq_component_audio_stream_entity_id_stream_index UNIQUE (entity_id, stream_index),
    CONSTRAINT fk_component_audio_stream_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_video_fingerprint (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    pictures BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_video_fingerprint PRIMARY KEY (id),
    CONSTRAINT uq_component_video_fingerprint_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_video_fingerprint_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE video_anchors (
    entity_id BIGINT NOT NULL,
    number SMALLINT NOT NULL,
    time BIGINT NOT NULL,
    upper BIGINT NOT NULL,
    lower BIGINT NOT NULL,
    CONSTRAINT pk_video_anchors PRIMARY KEY (entity_id, number),
    CONSTRAINT fk_video_anchors_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_video_anchors_upper ON video_anchors (upper);

CREATE INDEX ix_video_anchors_lower ON video_anchors (lower);

CREATE TABLE component_document (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    pages INTEGER,
    title TEXT,
    author TEXT,
    subject TEXT,
    created TIMESTAMP WITH TIME ZONE,
    modified TIMESTAMP WITH TIME ZONE,
    encrypted BOOLEAN NOT NULL,
    has_text BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_document PRIMARY KEY (id),
    CONSTRAINT uq_component_document_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_document_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_document_text (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    is_cut BOOLEAN NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_document_text PRIMARY KEY (id),
    CONSTRAINT uq_component_document_text_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_document_text_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_document_fingerprint (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    minhash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_document_fingerprint PRIMARY KEY (id),
    CONSTRAINT uq_component_document_fingerprint_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_document_fingerprint_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE document_index (
    key BIGINT NOT NULL,
    entity_id BIGINT NOT NULL,
    CONSTRAINT pk_document_index PRIMARY KEY (key, entity_id),
    CONSTRAINT fk_document_index_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_document_index_entity_id ON document_index (entity_id);

CREATE TABLE component_audio_properties (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    container VARCHAR NOT NULL,
    codec VARCHAR NOT NULL,
    sample_rate INTEGER NOT NULL,
    channels INTEGER NOT NULL,
    duration_seconds DOUBLE PRECISION,
    bit_rate BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_audio_properties PRIMARY KEY (id),
    CONSTRAINT uq_component_audio_properties_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_audio_properties_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_audio_tags (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    title TEXT,
    artist TEXT,
    album TEXT,
    track INTEGER,
    year INTEGER,
    more TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_audio_tags PRIMARY KEY (id),
    CONSTRAINT uq_component_audio_tags_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_audio_tags_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_audio_fingerprint (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_audio_fingerprint PRIMARY KEY (id),
    CONSTRAINT uq_component_audio_fingerprint_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_audio_fingerprint_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE audio_anchors (
    entity_id BIGINT NOT NULL,
    position INTEGER NOT NULL,
    key BIGINT NOT NULL,
    CONSTRAINT pk_audio_anchors PRIMARY KEY (entity_id, position),
    CONSTRAINT fk_audio_anchors_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_audio_anchors_key ON audio_anchors (key);

CREATE TABLE component_animation (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    frames INTEGER NOT NULL,
    duration_ms BIGINT NOT NULL,
    loops INTEGER,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_animation PRIMARY KEY (id),
    CONSTRAINT uq_component_animation_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_animation_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_camera (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    make TEXT,
    model TEXT,
    lens TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_camera PRIMARY KEY (id),
    CONSTRAINT uq_component_camera_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_camera_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_capture (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    local_time TEXT,
    offset_minutes INTEGER,
    moment TIMESTAMP WITH TIME ZONE,
    exposure_seconds DOUBLE PRECISION,
    aperture DOUBLE PRECISION,
    iso INTEGER,
    focal_length DOUBLE PRECISION,
    orientation INTEGER,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_capture PRIMARY KEY (id),
    CONSTRAINT uq_component_capture_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_capture_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_description (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    title TEXT,
    description TEXT,
    artist TEXT,
    copyright TEXT,
    rating INTEGER,
    keywords TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_description PRIMARY KEY (id),
    CONSTRAINT uq_component_description_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_description_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_gps (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    longitude DOUBLE PRECISION NOT NULL,
    altitude DOUBLE PRECISION,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_gps PRIMARY KEY (id),
    CONSTRAINT uq_component_gps_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_gps_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_metadata (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    found TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_metadata PRIMARY KEY (id),
    CONSTRAINT uq_component_metadata_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_metadata_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_xmp_sidecar (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    packet BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_xmp_sidecar PRIMARY KEY (id),
    CONSTRAINT uq_component_xmp_sidecar_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_xmp_sidecar_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE operations (
    id BIGSERIAL NOT NULL,
    kind VARCHAR(32) NOT NULL,
    user_name TEXT NOT NULL,
    command TEXT NOT NULL,
    undoes_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_operations PRIMARY KEY (id),
    CONSTRAINT fk_operations_undoes_id_operations FOREIGN KEY(undoes_id) REFERENCES operations (id)
);

CREATE INDEX ix_operations_undoes_id ON operations (undoes_id);

CREATE INDEX ix_operations_created_at ON operations (created_at);

CREATE TABLE operation_changes (
    id BIGSERIAL NOT NULL,
    operation_id BIGINT NOT NULL,
    entity_id BIGINT,
    other_entity_id BIGINT,
    table_name VARCHAR(64) NOT NULL,
    before TEXT,
    after TEXT,
    CONSTRAINT pk_operation_changes PRIMARY KEY (id),
    CONSTRAINT fk_operation_changes_operation_id_operations FOREIGN KEY(operation_id) REFERENCES operations (id) ON DELETE CASCADE
);

CREATE INDEX ix_operation_changes_operation_id ON operation_changes (operation_id);

CREATE INDEX ix_operation_changes_entity_id ON operation_changes (entity_id);

CREATE INDEX ix_operation_changes_other_entity_id ON operation_changes (other_entity_id);

CREATE TABLE component_trashed (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    operation_id BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_trashed PRIMARY KEY (id),
    CONSTRAINT uq_component_trashed_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_trashed_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_replaced (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    by_entity_id BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_replaced PRIMARY KEY (id),
    CONSTRAINT fk_component_replaced_by_entity_id_entities FOREIGN KEY(by_entity_id) REFERENCES entities (id) ON DELETE CASCADE,
    CONSTRAINT uq_component_replaced_entity_id_by_entity_id UNIQUE (entity_id, by_entity_id),
    CONSTRAINT fk_component_replaced_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_replaced_by_entity_id ON component_replaced (by_entity_id);

CREATE TABLE blob_checks (
    store_id INTEGER NOT NULL,
    sha256 BYTEA NOT NULL,
    checked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_blob_checks PRIMARY KEY (store_id, sha256)
);

CREATE INDEX ix_blob_checks_store_id_checked_at ON blob_checks (store_id, checked_at);

CREATE TABLE mirrors (
    id SERIAL NOT NULL,
    name VARCHAR(64) NOT NULL,
    location TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_mirrors PRIMARY KEY (id),
    CONSTRAINT uq_mirrors_name UNIQUE (name)
);

CREATE TABLE manifest_records (
    id BIGSERIAL NOT NULL,
    lines TEXT NOT NULL,
    CONSTRAINT pk_manifest_records PRIMARY KEY (id)
);

ALTER TABLE library ADD COLUMN snapshot TEXT;

ALTER TABLE component_source_path ADD COLUMN ctime_ns BIGINT;

ALTER TABLE system_records ADD COLUMN rows_crc32 BIGINT;

ALTER TABLE component_tag ADD COLUMN tag_key VARCHAR(765) COLLATE "C";

DROP INDEX ix_component_tag_tag;

ALTER TABLE component_tag ALTER COLUMN tag_key SET NOT NULL;

ALTER TABLE component_tag DROP CONSTRAINT uq_component_tag_entity_id_tag;

ALTER TABLE component_tag ADD CONSTRAINT uq_component_tag_entity_id_tag_key UNIQUE (entity_id, tag_key);

CREATE INDEX ix_component_tag_tag_key_tag ON component_tag (tag_key, tag);

CREATE TABLE tag_rules (
    id BIGSERIAL NOT NULL,
    kind VARCHAR(16) NOT NULL,
    tag VARCHAR(255) NOT NULL,
    tag_key VARCHAR(765) COLLATE "C" NOT NULL,
    target VARCHAR(255) NOT NULL,
    target_key VARCHAR(765) COLLATE "C" NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_tag_rules PRIMARY KEY (id),
    CONSTRAINT uq_tag_rules_kind_tag_key_target_key UNIQUE (kind, tag_key, target_key)
);

CREATE TABLE component_annotation (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    title TEXT,
    description TEXT,
    notes TEXT,
    rating INTEGER,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_annotation PRIMARY KEY (id),
    CONSTRAINT uq_component_annotation_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_annotation_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_collection (
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    name_key VARCHAR(765) COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_collection PRIMARY KEY (id),
    CONSTRAINT uq_component_collection_entity_id_name_key UNIQUE (entity_id, name_key),
    CONSTRAINT fk_component_collection_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_collection_name_key_position ON component_collection (name_key, position);

CREATE TABLE saved_queries (
    id BIGSERIAL NOT NULL,
    name VARCHAR(64) NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_saved_queries PRIMARY KEY (id),
    CONSTRAINT uq_saved_queries_name UNIQUE (name)
);

CREATE INDEX ix_entities_created_at ON entities (created_at);

CREATE INDEX ix_component_camera_make_entity_id ON component_camera (make, entity_id);

CREATE INDEX ix_component_camera_model_entity_id ON component_camera (model, entity_id);

CREATE INDEX ix_component_capture_local_time_entity_id ON component_capture (local_time, entity_id);

CREATE INDEX ix_component_dimensions_width_entity_id ON component_dimensions (width, entity_id);

CREATE INDEX ix_component_file_properties_file_size_bytes_entity_id ON component_file_properties (file_size_bytes, entity_id);

CREATE INDEX ix_component_file_properties_media_type_entity_id ON component_file_properties (media_type, entity_id);

CREATE INDEX ix_component_file_properties_original_filename_entity_id ON component_file_properties (original_filename, entity_id);

CREATE INDEX ix_component_gps_latitude_entity_id ON component_gps (latitude, entity_id);

CREATE INDEX ix_component_source_path_filename_entity_id ON component_source_path (filename, entity_id);

CREATE TABLE component_ocr (
    text TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    boxes TEXT NOT NULL,
    is_cut BOOLEAN NOT NULL,
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_ocr PRIMARY KEY (id),
    CONSTRAINT uq_component_ocr_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_ocr_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE TABLE component_language (
    code VARCHAR(8) NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_language PRIMARY KEY (id),
    CONSTRAINT uq_component_language_entity_id UNIQUE (entity_id),
    CONSTRAINT fk_component_language_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_language_code ON component_language (code);

CREATE TABLE component_region (
    position INTEGER NOT NULL,
    kind VARCHAR(64) NOT NULL,
    name VARCHAR(255),
    "left" DOUBLE PRECISION NOT NULL,
    top DOUBLE PRECISION NOT NULL,
    width DOUBLE PRECISION NOT NULL,
    height DOUBLE PRECISION NOT NULL,
    id BIGSERIAL NOT NULL,
    entity_id BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_component_region PRIMARY KEY (id),
    CONSTRAINT uq_component_region_entity_id_position UNIQUE (entity_id, position),
    CONSTRAINT fk_component_region_entity_id_entities FOREIGN KEY(entity_id) REFERENCES entities (id) ON DELETE CASCADE
);

CREATE INDEX ix_component_region_name ON component_region (name);

ALTER TABLE component_description ADD COLUMN hierarchies TEXT;

ALTER TABLE component_document ADD COLUMN created_offset_minutes INTEGER;

ALTER TABLE component_document ADD COLUMN modified_offset_minutes INTEGER;

CREATE VIEW view_assets AS SELECT
    properties.entity_id AS asset,
    properties.original_filename AS name,
    properties.media_type,
    properties.file_size_bytes AS size,
    encode(digest.hash_value, 'hex') AS sha256,
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
WHERE NOT EXISTS (SELECT 1 FROM component_trashed WHERE component_trashed.entity_id = properties.entity_id);

CREATE VIEW view_sources AS SELECT entity_id AS asset, path_display AS path, filename AS name, size, created_at AS added
FROM component_source_path
WHERE NOT EXISTS (SELECT 1 FROM component_trashed WHERE component_trashed.entity_id = component_source_path.entity_id);

CREATE VIEW view_tags AS SELECT entity_id AS asset, tag FROM component_tag WHERE NOT EXISTS (SELECT 1 FROM component_trashed WHERE component_trashed.entity_id = component_tag.entity_id);

CREATE VIEW view_collections AS SELECT name, position, entity_id AS asset FROM component_collection WHERE NOT EXISTS (SELECT 1 FROM component_trashed WHERE component_trashed.entity_id = component_collection.entity_id);

CREATE VIEW view_image_hashes AS SELECT phash.entity_id AS asset, lpad(to_hex(phash.hash_value), 16, '0') AS phash, lpad(to_hex(ahash.hash_value), 16, '0') AS ahash, lpad(to_hex(dhash.hash_value), 16, '0') AS dhash
FROM component_image_perceptual_hash_phash AS phash
LEFT JOIN component_image_perceptual_hash_ahash AS ahash ON ahash.entity_id = phash.entity_id
LEFT JOIN component_image_perceptual_hash_dhash AS dhash ON dhash.entity_id = phash.entity_id
WHERE NOT EXISTS (SELECT 1 FROM component_trashed WHERE component_trashed.entity_id = phash.entity_id);
