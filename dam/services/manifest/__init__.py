"""The manifest in the store: what gives the database back, written beside every change of what cannot be derived."""
