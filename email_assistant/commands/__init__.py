"""What makes no artifact of the pipeline: it reports, compares, cleans up, encrypts or deletes."""
