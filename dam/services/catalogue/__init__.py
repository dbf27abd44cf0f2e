"""What the library knows of its assets: components, sources, look-up, tags, failures, verdicts."""
