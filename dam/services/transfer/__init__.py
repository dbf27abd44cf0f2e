"""A library's database as JSON Lines: written from one, and read into another, row for row."""
