"""Train one network, or with -m several: `python train.py model=deep optimizer=adam`."""

from mlp_lab.cli import train

if __name__ == "__main__":
    train()
