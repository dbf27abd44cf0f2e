"""Pure handling of files and media: walking, reading, digests, types, decoding. No database, no terminal."""
