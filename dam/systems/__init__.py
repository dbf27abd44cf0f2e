"""Systems: pure functions that derive components from the content of a file. One file each, found by discovery."""
