"""Worker processes and their limits. Independent of the database."""
