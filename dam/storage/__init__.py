"""Stores of blobs, which know only keys and bytes."""
