"""Generic access to components: rows of any table, as data, as JSON, with checksums, and changed as operations."""
