"""Groups of duplicates around the asset to keep."""
