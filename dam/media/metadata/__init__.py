"""What an image file and its sidecar say of it: EXIF, IPTC, XMP."""
