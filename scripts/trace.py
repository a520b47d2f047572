"""Trace the backward pass of a small network: the same as `mlp-lab trace`."""

from mlp_lab.cli import trace

if __name__ == "__main__":
    trace()
