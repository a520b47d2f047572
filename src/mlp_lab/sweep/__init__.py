"""Sweeps: many jobs -> a few stacks, trained side by side; what they say together."""
