"""Ingest files, and update the records of ingested files."""
