"""Scores: of each epoch, of predictions, with intervals."""
