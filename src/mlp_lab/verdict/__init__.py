"""How a finished training went, by rules with thresholds, and what to try next."""
