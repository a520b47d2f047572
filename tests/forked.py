"""Commands as children of a process that has imported the libraries, which take most of a command.

A child of a fork imports the package itself, ends as any interpreter ends, and shares no state with
another command but those libraries as they are after their import.
"""

import atexit
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypedDict

LIBRARIES = (
    *("hydra", "hydra.core.global_hydra", "hydra._internal.hydra", "hydra.core.plugins"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "numpy", "omegaconf", "pandas"),
    *("rich.live", "rich.table", "safetensors.torch", "torch", "torch.utils.tensorboard", "yaml"),
)
"""What most commands import; the package itself each child imports anew."""

NOT_OF_COMMANDS = ("PYTEST_CURRENT_TEST", "HYDRA_FULL_ERROR", "COMP_LINE", "COMP_POINT")
"""Variables that tests set around commands, never for them."""

OF_TORCH = "KMP_DUPLICATE_LIB_OK"
"""What importing torch sets; a new process would, too."""

TICK = 0.005
"""Seconds between two looks at a command that is under way."""


class Request(TypedDict):
    """What the process is asked to run, in JSON on one line."""

    words: list[str]
    folder: str
    out: str
    errors: str
    patience: float


def can_run(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a fork is the same as a process: a file of Python, in the environment of all."""
    of_python = words[0] in (sys.executable, str(Path(sys.executable).with_name("mlp-lab")))
    file = Path(script(words)[0])
    known = sys.platform == "linux" and of_python and file.is_file()
    same = {**environment, OF_TORCH: ""} == {**_first_environment(), OF_TORCH: ""}
    return known and same


def run(words: Sequence[str], folder: Path, patience: float) -> subprocess.CompletedProcess[str]:
    """A command in `folder`, as `subprocess.run` does it.

    Raises:
        subprocess.TimeoutExpired: after `patience` seconds.
    """
    with tempfile.TemporaryDirectory() as place:
        out, errors = Path(place, "out"), Path(place, "errors")
        request = Request(
            words=script(words),
            folder=str(folder),
            out=str(out),
            errors=str(errors),
            patience=patience,
        )
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = json.loads(server.stdout.readline())
        said = [path.read_text("utf-8") for path in (out, errors)]
    if status is None:
        raise subprocess.TimeoutExpired(list(words), patience, *said)
    return subprocess.CompletedProcess(list(words), status, *said)


def script(words: Sequence[str]) -> list[str]:
    """The Python file and its words."""
    return list(words[1:] if words[0] == sys.executable else words)


def plain(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what tests set on purpose."""
    return {name: value for name, value in environment.items() if name not in NOT_OF_COMMANDS}


@cache
def _first_environment() -> dict[str, str]:
    """What the tests began with, or one of them would decide what the libraries are told."""
    return plain(os.environ)


_first_environment()


@cache
def _server() -> "subprocess.Popen[str]":
    """One for each process of the tests; it ends when nobody can ask any more."""
    server = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=_first_environment(),
    )
    atexit.register(server.communicate)  # nobody asks any more: it ends
    return server


def _serve() -> Request | None:
    """Fork for each request; what a child has to do, or None when nobody asks any more."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        request: Request = json.loads(line)
        child = os.fork()
        if not child:
            return request
        print(json.dumps(_status(child, time.monotonic() + request["patience"])), flush=True)
    return None


def _status(child: int, deadline: float) -> int | None:
    """The exit status of a child as `subprocess` has it; None if it had to be killed."""
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(TICK)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def _become(request: Request) -> None:
    """Take the place of a new process."""
    for descriptor, name in ((0, os.devnull), (1, request["out"]), (2, request["errors"])):
        flags = os.O_RDWR if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(request["folder"])
    sys.argv[:] = request["words"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    if (asked := _serve()) is not None:
        _become(asked)
