"""Artifacts, JSONL files and hashes."""
