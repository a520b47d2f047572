"""A finished run for other people: a model card, and its record in a tracking service."""
