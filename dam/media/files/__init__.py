"""Files as such: walking, reading, digests, media types."""
