"""Speed as a ratio to a peer on the same work, measured in one run, interleaved; medians of the ratios."""
