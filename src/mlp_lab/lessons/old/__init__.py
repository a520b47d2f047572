"""What lessons that are not yet written in the vocabulary still need; it goes with the last."""
