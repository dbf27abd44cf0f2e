"""Exact search for perceptual hashes within a Hamming distance."""
