"""The command `log`: a finished run's record in a tracking service."""

from argparse import Namespace
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.formatting import counted

ABOUT = """\
Replay a finished run into a tracking service: its settings, the curves of all epochs, the scores.
The service's own library does it, and is told by its own settings where (WANDB_MODE=offline,
MLFLOW_TRACKING_URI, ...)."""


def parser() -> Parser:
    """The arguments of `mlp-lab log RUN_FOLDER --to SERVICE`."""
    found = Parser("mlp-lab log", description=ABOUT)
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument("--to", required=True, metavar="SERVICE", help="wandb, trackio or mlflow")
    found.add_argument("--project", default="mlp_lab", help="or experiment; default: mlp_lab")
    found.add_argument("--name", help="of the run; default: its own, or its folder's")
    found.add_argument("--uri", help="of mlflow: a server, http://..., or sqlite:///runs.db")
    return found


def run(arguments: Namespace) -> None:
    """Replay the run, and print what was written.

    Raises:
        UserError: the folder holds no finished run, or the service cannot be used.
    """
    from mlp_lab.sharing.trackers import replay, replay_of  # noqa: PLC0415  slow

    found = replay_of(Path(arguments.run), arguments.project, arguments.name)
    replay(arguments.to, found, arguments.uri)
    epochs = counted(len(found.epochs), "epoch")
    print(f"{found.name}: {epochs} to {arguments.to}, project {found.project}")


def main() -> None:
    """`mlp-lab log RUN_FOLDER --to SERVICE`."""
    run_parsed(parser(), run)
