"""Show runs in TensorBoard: the same as `mlp-lab dashboard`."""

from mlp_lab.commands.main import dashboard

if __name__ == "__main__":
    dashboard()
