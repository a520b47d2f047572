"""YAML -> typed Config; the one border to Hydra and OmegaConf."""
