"""The stages of the pipeline, in the order of `catalog.STAGES`: one module each, and what that module delegates."""
