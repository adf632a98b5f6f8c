"""Pages, plots and the model card."""
