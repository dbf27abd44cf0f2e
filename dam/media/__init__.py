"""Read and decode files and media. No database access, no terminal output."""
