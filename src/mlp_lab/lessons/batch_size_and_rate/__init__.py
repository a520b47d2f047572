"""Batch size and learning rate: three experiments of one lesson."""
