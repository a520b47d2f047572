"""Hydra plugins: the launcher and the sweepers of mlp_lab."""
