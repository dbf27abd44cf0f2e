"""Systems: pure functions that derive a component from the content of a file. One file each, found, not listed."""
