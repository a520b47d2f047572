"""Rank the settings of runs: the same as `mlp-lab compare`."""

from mlp_lab.cli import compare

if __name__ == "__main__":
    compare()
