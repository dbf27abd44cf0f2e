"""Draw thumbnails of images, videos, documents and audio."""
