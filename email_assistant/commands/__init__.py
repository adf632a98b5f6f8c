"""Commands, which make no artifact: they report, compare, clean up, encrypt or delete."""
