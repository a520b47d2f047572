"""Claims of the textbook, held against networks that are trained on the spot."""
