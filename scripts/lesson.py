"""Hold a textbook's claims against networks: the same as `mlp-lab lesson`."""

from mlp_lab.cli import lesson

if __name__ == "__main__":
    lesson()
