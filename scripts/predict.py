"""Predict the rows of a file with a finished run: the same as `mlp-lab predict`."""

from mlp_lab.program import interruptible

if __name__ == "__main__":
    with interruptible():
        from mlp_lab.commands.main import run_command

        run_command("predict")
