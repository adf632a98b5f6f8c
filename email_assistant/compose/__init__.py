"""Where people write: a local page, an API for mail programs, drafts. The model is in a process of its own."""
