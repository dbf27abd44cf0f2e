"""What commands share: the root group, options, the end of a help page, lists of paths."""
