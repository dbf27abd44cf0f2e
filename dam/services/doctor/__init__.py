"""Check an installation and a library, and say what to do. Nothing here writes but the store test."""
