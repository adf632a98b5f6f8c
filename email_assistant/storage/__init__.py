"""Artifacts, JSONL files, atomic writes and hashes."""
