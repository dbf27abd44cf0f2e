"""Decode and compare audio."""
