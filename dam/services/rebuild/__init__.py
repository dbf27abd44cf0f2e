"""Make the database again from the store: its manifest and its blobs."""
