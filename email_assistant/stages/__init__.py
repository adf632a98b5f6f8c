"""One thin module per stage, readable as the story of a mail."""
