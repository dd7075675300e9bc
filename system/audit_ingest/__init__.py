"""Audit ingest: messages of 256 KB to 6 MB behind one API, archived, recorded and announced."""
