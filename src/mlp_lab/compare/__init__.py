"""Finished runs -> ranking, summary, figures, page."""
