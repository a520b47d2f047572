"""The forward and the backward pass of a network, by name."""
