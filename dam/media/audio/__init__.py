"""Decoding and comparing recordings."""
