"""Which of some files the library has: nothing is written."""
