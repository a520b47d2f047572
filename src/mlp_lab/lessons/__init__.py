"""Lessons: what textbooks say of neural networks, held against networks over several seeds."""

FIRST = 100
"""The first seed of a lesson: claims, bounds and settings were settled on seeds below it."""
