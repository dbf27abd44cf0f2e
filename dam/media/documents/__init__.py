"""Reading and comparing the text of documents."""
