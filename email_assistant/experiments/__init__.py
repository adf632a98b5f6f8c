"""Runs in the MLflow store: logging, comparing, repeating, tracing and sweeping them."""
