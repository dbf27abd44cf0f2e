"""Mirrors: second stores with copies of the blobs."""
