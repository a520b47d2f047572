"""The live page: networks that train while somebody watches, and changes their settings."""
