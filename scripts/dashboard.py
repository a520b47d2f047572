"""Show runs in TensorBoard: the same as `mlp-lab dashboard`."""

from mlp_lab.program import interruptible

if __name__ == "__main__":
    with interruptible():
        from mlp_lab.commands.main import run_command

        run_command("dashboard")
