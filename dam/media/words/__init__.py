"""Read words in pictures, and tell the language of texts."""
