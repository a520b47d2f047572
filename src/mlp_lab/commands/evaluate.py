"""The command `evaluate`: a finished run's network on a file that holds the target."""

from mlp_lab.commands import predict


def main() -> None:
    """`mlp-lab evaluate RUN_FOLDER FILE`."""
    predict.main("evaluate")
