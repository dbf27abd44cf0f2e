"""Decoding images, and what they are compared by."""
