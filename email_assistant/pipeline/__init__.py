"""Running stages and commands: their declarations, their inputs and artifacts, and the final summary."""
