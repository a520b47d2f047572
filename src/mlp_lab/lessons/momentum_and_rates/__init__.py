"""Momentum, and a rate for each weight: three experiments of one lesson."""
