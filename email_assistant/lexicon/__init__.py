"""Words and patterns of the languages that mails are measured and summarized in."""
