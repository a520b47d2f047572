"""The version of this package, in a file of its own: every room may name it."""

__version__ = "0.2.0"
