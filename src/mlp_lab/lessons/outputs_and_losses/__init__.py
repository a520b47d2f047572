"""Outputs and losses: three experiments of one lesson."""
