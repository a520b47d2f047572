"""A laboratory for multilayer perceptrons: YAML in, trained networks and learning curves out."""

__version__ = "0.1.0"
