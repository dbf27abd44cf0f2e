"""Similarity methods, one module per kind of media, found by discovery."""
