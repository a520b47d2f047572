"""The commands of `mlp-lab`, and which module holds each; it is imported when it is called."""

import os
import sys
from importlib import import_module
from pathlib import Path

from mlp_lab.commands.failure import fail
from mlp_lab.errors import UserError, nearest
from mlp_lab.runs.importing import take_imports
from mlp_lab.version import __version__

COMMANDS = {
    "train": "mlp_lab.commands.train",
    "init": "mlp_lab.commands.init",
    "predict": "mlp_lab.commands.predict",
    "evaluate": "mlp_lab.commands.evaluate",
    "explain": "mlp_lab.commands.explain",
    "export": "mlp_lab.commands.export",
    "serve": "mlp_lab.commands.serve",
    "card": "mlp_lab.commands.card",
    "log": "mlp_lab.commands.log",
    "rate": "mlp_lab.commands.rate",
    "compare": "mlp_lab.commands.compare",
    "list": "mlp_lab.commands.list",
    "trace": "mlp_lab.commands.trace",
    "surface": "mlp_lab.commands.surface",
    "lesson": "mlp_lab.commands.lesson",
    "play": "mlp_lab.commands.play",
    "dashboard": "mlp_lab.commands.dashboard",
}
"""Command -> the module whose `main` it is."""

USAGE = """\
mlp-lab train ...                     train a network: the same as `python train.py ...`
mlp-lab init FILE --target COLUMN     write a table's data report as settings to edit and train by
mlp-lab predict RUN_FOLDER FILE ...   predict the rows of a file
mlp-lab evaluate RUN_FOLDER FILE ...  loss and metrics on the rows of a file that holds the target
mlp-lab explain RUN_FOLDER FILE       what each column adds to the prediction of each row
mlp-lab export RUN_FOLDER -o FILE     write the network as an ONNX graph, or a program of torch
mlp-lab serve RUN_FOLDER              predict for whoever asks over HTTP
mlp-lab card RUN_FOLDER               write a model card, README.md
mlp-lab log RUN_FOLDER --to SERVICE   replay a run into wandb, trackio or mlflow
mlp-lab rate ...                      try learning rates for a short time, and suggest one
mlp-lab compare FOLDER ...            rank the settings of a sweep's runs, or of any runs
mlp-lab list [FOLDER ...]             what was trained, the newest first
mlp-lab trace ...                     the backward pass of a small network, by name
mlp-lab surface RUN_FOLDER            draw the loss around a run's weights
mlp-lab lesson [NAME]                 train networks and test a textbook's claims on them
mlp-lab play ...                      watch networks learn on a live page
mlp-lab dashboard [FOLDER ...]        show runs in TensorBoard
mlp-lab COMMAND --help                says more"""


COMPLETION = ("-sc", "--shell-completion")
"""Hydra's options for what the tab key completes."""


def complete() -> None:
    """`mlp-lab -sc query=bash` of a line that is being typed, or `-sc install=bash` once."""
    line = os.environ.get("COMP_LINE", "")
    typed = line.split()[1:]
    if sys.argv[2:3] and sys.argv[2].startswith("query="):
        if not typed or (len(typed) == 1 and not line.endswith(" ")):
            print(" ".join(COMMANDS))
            return
        if typed[0] != "train":
            return  # its arguments are files
        os.environ["COMP_LINE"] = line.replace(" train", "", 1)
    run_command("train")


def run_command(name: str) -> None:
    """Do what a command's words say; each parses its own."""
    try:
        Path.cwd()
    except OSError:
        fail("the working directory is gone: change to one that is there")
    try:
        sys.argv[1:] = take_imports(sys.argv[1:])
    except UserError as error:
        fail(str(error))
    import_module(COMMANDS[name]).main()


def main() -> None:
    """`mlp-lab COMMAND ...`; each command parses its own arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print(USAGE)
    elif name == "--version":
        print(__version__)
    elif name in COMPLETION:
        complete()
    elif name in COMMANDS:
        sys.argv = [sys.argv[0], *sys.argv[2:]]
        run_command(name)
    elif "=" in name:
        fail(f"unknown command {name!r}: did you mean mlp-lab train {name}?")
    else:
        fail(f"unknown command {name!r}{nearest(name, COMMANDS)} ({', '.join(COMMANDS)})")
