"""The order of the stages, the keys of their artifacts, and what is missing."""
