"""Find what is similar to a file or an asset, and explain why."""
