"""A local language model that writes mail as one person writes it."""
