"""Small pictures of any medium."""
