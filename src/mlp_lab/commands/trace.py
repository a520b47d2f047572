"""The command `trace`: the backward pass of a small network, by name."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.composing import compose
from mlp_lab.errors import require
from mlp_lab.files import write_named
from mlp_lab.terminal import Screen
from mlp_lab.trace.backprop import trace
from mlp_lab.trace.latex import latex
from mlp_lab.trace.networks import Compose, traced_network
from mlp_lab.trace.request import TraceRequest
from mlp_lab.trace.svg import svg
from mlp_lab.trace.text import markdown, text

ABOUT = """\
Every quantity of a forward and a backward pass: formula, shape and value, beside autograd's value
and a central difference. Without words, the course's example: one input, two ReLU units, squared
error."""

MORE = """\
  mlp-lab trace
  mlp-lab trace x=1 t=0 theta_11=0.5 model.activation=tanh
  mlp-lab trace model.depth=2 psi_11=3
  mlp-lab trace model=deep model.width=3 loss=cce 'x=[[1,2],[0,-1]]' 't=[[1,0],[0,1]]'
  mlp-lab trace data=iris model=shallow model.width=4 --rows 2
  mlp-lab trace outputs/2026-01-31/12-00-00-abc123"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `mlp-lab trace ...`."""
    parser.epilog = MORE
    parser.add_argument(
        "words",
        metavar="RUN_FOLDER or key=value",
        nargs="*",
        help="a finished run; or settings as `train` has them, and own numbers: x, t,"
        " Omega_k, beta_k, theta_ij, psi_jk, phi_j",
    )
    parser.add_argument("--numbers", metavar="FILE", help="own numbers as a YAML file")
    parser.add_argument("--rows", type=int, help="rows of the run or data; default: 3")
    parser.add_argument(
        "--entries", type=int, default=6, help="most that are shown of a quantity; default: 6"
    )
    parser.add_argument("--markdown", metavar="FILE", help="write it as Markdown")
    parser.add_argument("--latex", metavar="FILE", help="write it as a LaTeX document")
    parser.add_argument("--svg", metavar="FILE", help="draw the network with its values")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="for trace.md, .tex and .svg")


def run(arguments: Namespace, compose: Compose) -> None:
    """Trace what is asked for; print it, and write the files that are asked for.

    Raises:
        UserError: settings, numbers, data or run cannot be used.
    """
    require(arguments.entries >= 1, "--entries", "1 or more", arguments.entries)
    request = TraceRequest.of(arguments.words, arguments.numbers, arguments.rows)
    network = traced_network(request, compose)
    found, most = trace(network), arguments.entries
    makers = {"md": lambda: markdown(found, most), "tex": lambda: latex(found, most)}
    makers["svg"] = lambda: svg(found)
    written = files(arguments)
    for path, termination in written:
        write_named(path, makers[termination]())
    screen = Screen()
    for line in [*text(found, most), *(str(path) for path, _ in written)]:
        screen.print(line, soft_wrap=True)


def files(arguments: Namespace) -> list[tuple[Path, str]]:
    """Where to write what: paths with `md`, `tex` or `svg`. Makes the folder that they lie in."""
    single = {"md": arguments.markdown, "tex": arguments.latex, "svg": arguments.svg}
    found = [(Path(path), termination) for termination, path in single.items() if path is not None]
    if arguments.output is not None:
        folder = Path(arguments.output)
        folder.mkdir(parents=True, exist_ok=True)
        found += [(folder / f"trace.{termination}", termination) for termination in single]
    return found


def main() -> None:
    """`mlp-lab trace [RUN_FOLDER | key=value ...]`."""
    parser = Parser("mlp-lab trace", description=ABOUT, formatter_class=RawDescriptionHelpFormatter)
    add_arguments(parser)
    run_parsed(parser, lambda arguments: run(arguments, compose), intermixed=True)
