"""A run's network behind HTTP: rows in, predictions out."""
