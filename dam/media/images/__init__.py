"""Decode images, and compute their hashes and digests."""
