"""Repair: heal what a verification found, from healthy copies; nothing is deleted."""
