"""A local language model that writes mail in one person's style."""
