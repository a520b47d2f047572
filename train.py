"""Train one network, or with -m several: `python train.py model=deep optimizer=adam`."""

from mlp_lab.program import interruptible

if __name__ == "__main__":
    with interruptible():
        from mlp_lab.commands.main import run_command

        run_command("train")
