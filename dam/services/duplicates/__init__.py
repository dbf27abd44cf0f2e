"""Find duplicates, and group them around the asset to keep."""
