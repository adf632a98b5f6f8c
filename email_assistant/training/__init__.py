"""Batches, the loss, and the loop that trains an adapter."""
