"""The command `dashboard`: TensorBoard on the runs below some folders, until Ctrl-C."""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, suppress
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.errors import UserError, require
from mlp_lab.formatting import counted
from mlp_lab.runs.folder import CONFIG
from mlp_lab.stored import require_regular

ABOUT = "Show a run, a sweep, or everything below a folder in TensorBoard, until Ctrl-C."

EVENTS = "events.out.tfevents.*"

PORTS = range(6006, 6106)
"""The first that is free is taken; 6006 is TensorBoard's own."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add what `mlp-lab dashboard [FOLDER ...]` takes."""
    parser.add_argument(
        "folders",
        metavar="FOLDER",
        nargs="*",
        default=["outputs"],
        help="runs, or folders of runs; default: outputs",
    )
    parser.add_argument(
        "--host",
        default="localhost",
        help="name or address to listen at; default: localhost, which only this machine reaches;"
        " 0.0.0.0: every machine that reaches this one",
    )
    parser.add_argument(
        "--port", type=int, help="default: 6006, or the next one that is free; 0: any"
    )


def run(arguments: Namespace) -> None:
    """Serve TensorBoard until somebody ends it.

    Raises:
        UserError: a folder holds nothing to show, or it cannot listen there.
    """
    port = arguments.port
    require(port is None or 0 <= port < 2**16, "--port", "from 0 to 65535", port)
    folders = [Path(folder) for folder in arguments.folders]
    count = len({run for folder in folders for run in runs_in(folder)})
    try:
        with one_folder(folders) as logdir:
            address = serve(logdir, arguments.host, free_port(arguments.host, port))
            names = ", ".join(arguments.folders)
            print(f"{counted(count, 'run')} of {names} at {address} (Ctrl-C ends it)", flush=True)
            while True:  # Windows hears no Ctrl-C in a wait for an event
                time.sleep(3600)
    except KeyboardInterrupt:
        print()  # after the terminal's ^C


def runs_in(folder: Path) -> set[Path]:
    """Runs below a folder that TensorBoard can show, by their real paths.

    Raises:
        UserError: there is none, or what should be its events is no file.
    """
    if not folder.is_dir():
        raise UserError(f"no such folder: {str(folder)!r}")
    files = list(folder.rglob(EVENTS))
    for events in files:
        require_regular(events)  # its reader would wait for a pipe
    found = {events.parent.resolve() for events in files}
    if found:
        return found
    if any(folder.rglob(CONFIG)):
        raise UserError(
            f"{folder} holds nothing that TensorBoard shows: its runs were trained with"
            " tracking.tensorboard=false"
        )
    raise UserError(f"{folder} holds no run: there is no {CONFIG} in it")


@contextmanager
def one_folder(folders: Sequence[Path]) -> Iterator[Path]:
    """The one folder that TensorBoard is to look at, for it takes one.

    It calls runs by their path in it, so a single run, which would be `.`, and several folders
    are seen through links.

    Raises:
        UserError: links cannot be made, as on Windows without the right to.
    """
    real = sorted({folder.resolve() for folder in folders})
    outer = [folder for folder in real if not any(other in folder.parents for other in real)]
    if len(outer) == 1 and not any(outer[0].glob(EVENTS)):
        yield folders[0]
        return
    with TemporaryDirectory(prefix="mlp_lab_") as links:
        try:
            common = os.path.commonpath([folder.parent for folder in outer])
            for folder in outer:
                link = links / folder.relative_to(common)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(folder, target_is_directory=True)
        except (OSError, ValueError) as error:  # on Windows: links need a right, drives a root each
            rule = "several folders are shown by links, which cannot be made here"
            raise UserError(f"{rule} ({error}): name one folder that holds them") from None
        yield Path(links)


def free_port(host: str, wanted: int | None) -> int:
    """The port that is wanted for, or the first that nothing listens at.

    Raises:
        UserError: it is taken, or this machine has no such address.
    """
    address = "" if is_everywhere(host) else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in PORTS if wanted is None else [wanted]:
        try:
            socket.create_server((address, port), family=family).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                reason = str(error.strerror).partition(" (while")[0]
                raise UserError(f"cannot listen at {host}, port {port}: {reason}") from error
        else:
            return port
    if wanted is not None:
        raise UserError(f"--port {wanted} is taken: without it, the next one that is free is")
    raise UserError(f"ports {PORTS[0]} to {PORTS[-1]} are taken: name another with --port")


def is_everywhere(host: str) -> bool:
    """Whether it is an address that stands for all of this machine's."""
    with suppress(ValueError):  # a name
        return ip_address(host).is_unspecified
    return False


def serve(logdir: Path, host: str, port: int) -> str:
    """Start TensorBoard in threads of this process; its address.

    Raises:
        UserError: it is an old one that needs an old setuptools.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of 2.20, about its pkg_resources
            from tensorboard import default, program  # noqa: PLC0415  a second
    except ModuleNotFoundError as error:  # pkg_resources went with setuptools 82
        rule = f"this version of TensorBoard needs {error.name}, which is not installed"
        raise UserError(f"{rule}: pip install --upgrade tensorboard") from error
    logging.getLogger("tensorboard").setLevel(logging.CRITICAL)
    server = program.TensorBoard(plugins=default.get_plugins())
    where = {"bind_all": True} if is_everywhere(host) else {"host": host}
    server.configure(argv=("",), logdir=str(logdir), port=port, **where)
    with redirect_stderr(StringIO()):  # a note on how it reads its files
        return str(server.launch())


def main() -> None:
    """`mlp-lab dashboard [FOLDER ...]`."""
    parser = Parser("mlp-lab dashboard", description=ABOUT)
    add_arguments(parser)
    run_parsed(parser, run)
