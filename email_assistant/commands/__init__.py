"""Commands, which make no artifact: they generate mails, export, report, compare, clean up, encrypt or delete."""
