"""Predict the rows of a file with a finished run: the same as `mlp-lab predict`."""

from mlp_lab.cli import predict

if __name__ == "__main__":
    predict()
