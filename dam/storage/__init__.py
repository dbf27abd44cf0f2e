"""Stores of blobs: keys and bytes, and nothing about what they mean."""
