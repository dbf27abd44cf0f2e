"""The only code that writes to stdout, and what people see on stderr."""
