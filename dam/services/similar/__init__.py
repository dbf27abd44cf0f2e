"""What is similar to a file or an asset, and why."""
