"""Read the text and properties of documents, and compare texts."""
