"""Worker processes and their limits; knows no database."""
