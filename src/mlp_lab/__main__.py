"""Where the installed command starts, and `python -m mlp_lab`."""

from mlp_lab.program import interruptible


def main() -> None:
    """`mlp-lab COMMAND ...`; Ctrl-C is one line from here on, also while libraries are loaded."""
    with interruptible():
        from mlp_lab.commands import (  # noqa: PLC0415
            main as commands,  # Hydra takes half a second, much more on a busy machine
        )

        commands.main()


if __name__ == "__main__":
    main()
