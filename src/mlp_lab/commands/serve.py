"""The command `serve`: a finished run's network behind HTTP."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.decisions import (
    add_interval_option,
    add_threshold_options,
    deciding_as_typed,
    deciding_of,
)
from mlp_lab.errors import require, require_extra

ABOUT = """\
Predict for whoever asks over HTTP, until Ctrl-C: POST rows to /predict as JSON or CSV; GET /schema,
/health and /openapi.json say what it takes and gives."""


def parser() -> Parser:
    """The arguments of `mlp-lab serve RUN_FOLDER`."""
    found = Parser("mlp-lab serve", description=ABOUT)
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; default: 127.0.0.1, which only this machine reaches; 0.0.0.0:"
        " every machine that reaches this one, and nobody is asked who they are",
    )
    found.add_argument("--port", type=int, default=8000, help="default: 8000; 0: any")
    found.add_argument("--workers", type=int, default=1, help="processes; default: 1")
    add_interval_option(found)
    add_threshold_options(found)
    limits = found.add_argument_group("limits of a request")
    limits.add_argument("--megabytes", type=float, default=16.0, help="of its body; default: 16")
    limits.add_argument("--rows", type=int, default=100_000, help="default: 100,000")
    limits.add_argument("--seconds", type=float, default=30.0, help="to its answer; default: 30")
    return found


def run(arguments: Namespace) -> None:
    """Serve until somebody ends it.

    Raises:
        UserError: the run or an option cannot be used.
    """
    require(0 <= arguments.port < 2**16, "--port", "from 0 to 65535", arguments.port)
    require(1 <= arguments.workers <= 256, "--workers", "from 1 to 256", arguments.workers)
    require_extra("serve", "serving", "starlette", "uvicorn")
    from mlp_lab.serving.server import listen, serve  # noqa: PLC0415  torch, optional
    from mlp_lab.serving.service import Decisions, Limits, Service  # noqa: PLC0415  pandas, torch

    limits = Limits(arguments.megabytes, arguments.rows, arguments.seconds)
    deciding = deciding_of(vars(arguments))
    with listen(arguments.host, arguments.port) as listening:
        service = Service.of(Path(arguments.run), limits)
        with deciding_as_typed():
            threshold = deciding.chosen(service.predictor)
        words = deciding.words(service.predictor)
        service = replace(service, decisions=Decisions(threshold, deciding.interval, words))
        host, port = listening.getsockname()[:2]
        place = f"[{host}]" if ":" in host else host

        def say() -> None:
            print(f"{arguments.run} at http://{place}:{port} (Ctrl-C ends it)", flush=True)
            if words:
                print(words, flush=True)

        serve(service, Path(arguments.run), listening, arguments.workers, say)


def main() -> None:
    """`mlp-lab serve RUN_FOLDER`."""
    run_parsed(parser(), run)
