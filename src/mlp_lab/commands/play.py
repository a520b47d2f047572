"""The command `play`: a live page on which networks learn."""

import webbrowser
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.composing import composed
from mlp_lab.errors import UserError, require, require_extra
from mlp_lab.runs.folder import holds_run

ABOUT = """\
Watch networks learn in a browser, and change their settings meanwhile, until Ctrl-C. Settings are
those of `train`; one of them may have up to six values, whose networks train side by side."""

MORE = """\
  mlp-lab play
  mlp-lab play data=sine model=shallow model.width=3 model.activation=relu
  mlp-lab play data=table data.path=survey.csv data.target=voted
  mlp-lab play data=spirals optimizer=adam optimizer.lr=0.001,0.01,0.1
  mlp-lab play outputs/2026-11-30/14-05-09"""


MOST_PAGES = 64
"""Engines at a time: each is a process of some hundred megabytes."""

TO_OTHERS = """\
Others open {} and type the token {}. Whoever has it trains on this machine,
with the settings that a page has and tables of their own; nothing is encrypted."""


def parser() -> Parser:
    """The arguments of `mlp-lab play ...`."""
    found = Parser("mlp-lab play", description=ABOUT, formatter_class=RawDescriptionHelpFormatter)
    found.epilog = MORE
    found.add_argument(
        "words",
        metavar="key=value",
        nargs="*",
        help="settings as `train` has them, or a run's folder",
    )
    found.add_argument("--port", type=int, default=0, help="default: any that is free")
    found.add_argument(
        "--host", default="127.0.0.1", help="0.0.0.0 lets other machines in that have the token"
    )
    found.add_argument("--pages", type=int, default=4, help="engines at a time (default: 4)")
    found.add_argument("--no-browser", action="store_true", help="only print the address")
    return found


def run(arguments: Namespace) -> None:
    """Serve the page until somebody ends it.

    Raises:
        UserError: a setting or an option cannot be used.
    """
    require(0 <= arguments.port < 2**16, "--port", "from 0 to 65535", arguments.port)
    require(
        1 <= arguments.pages <= MOST_PAGES, "--pages", f"from 1 to {MOST_PAGES}", arguments.pages
    )
    words = [word if _is_setting(word) else _run_folder(word) for word in arguments.words]
    require_extra("play", "the live page", "Starlette", "uvicorn", "websockets")
    from mlp_lab.play.server import Opened, play  # noqa: PLC0415  torch, optional

    opened = Opened(arguments.host, arguments.port, arguments.pages)

    def say(address: str, token: str) -> None:
        print(f"{address} (Ctrl-C ends it)", flush=True)
        if opened.to_others:
            print(TO_OTHERS.format(address.removesuffix(f"{token}/"), token), flush=True)
        if not arguments.no_browser:
            webbrowser.open(address)

    play(words, composed, opened, say)


def _is_setting(word: str) -> bool:
    """Whether a word is no folder of a run, as sweeps name some optimizer.lr=0.1."""
    return "=" in word and not holds_run(Path(word))


def _run_folder(word: str) -> str:
    """A run's folder in the words of a setting.

    Raises:
        UserError: there is no such folder.
    """
    if not Path(word).is_dir():
        raise UserError(f"settings are written as key=value, and {word!r} is no run's folder")
    return f"resume={word}"


def main() -> None:
    """`mlp-lab play [key=value ...]`."""
    run_parsed(parser(), run, intermixed=True)
