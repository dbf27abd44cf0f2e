"""Backups of the database: made while others write, kept in a bounded number, and put back."""
