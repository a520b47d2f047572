"""Sweeps: many jobs -> a few stacks, trained side by side."""
