"""The similarity methods, a file for each kind of media, found by discovery."""
