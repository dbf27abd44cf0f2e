"""Read EXIF, IPTC and XMP metadata from image files and sidecars."""
