"""Test a textbook's claims on trained networks: the same as `mlp-lab lesson`."""

from mlp_lab.program import interruptible

if __name__ == "__main__":
    with interruptible():
        from mlp_lab.commands.main import run_command

        run_command("lesson")
