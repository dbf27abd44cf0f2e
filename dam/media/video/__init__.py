"""Sampling and comparing videos."""
