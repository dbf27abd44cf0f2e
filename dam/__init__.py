"""dam: digital asset management for the command line."""

__version__ = "0.1.0"
