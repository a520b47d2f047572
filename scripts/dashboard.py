"""Show runs in TensorBoard: the same as `mlp-lab dashboard`."""

from mlp_lab.cli import dashboard

if __name__ == "__main__":
    dashboard()
