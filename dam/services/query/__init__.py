"""The query language: parse → tree → SQL."""
