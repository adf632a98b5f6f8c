"""The schema of `conf/`, and everything that is checked before a run starts."""
