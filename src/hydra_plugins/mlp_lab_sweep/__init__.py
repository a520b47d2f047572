"""Hydra's door to mlp_lab's sweeps."""
