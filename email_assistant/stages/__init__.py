"""One module a stage, thin, and readable as the story of a mail."""
