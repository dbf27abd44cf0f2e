"""Copy assets into a folder, with names by a template, and what is known of them."""
