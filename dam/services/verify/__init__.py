"""Verification: the store against the database, every byte against its digest, the database against itself."""
