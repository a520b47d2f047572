"""The command `surface`: the loss around a finished run's weights."""

from argparse import Namespace
from pathlib import Path

from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.formatting import four_digits
from mlp_lab.terminal import Screen

ABOUT = """Draw the loss over two random directions through a run's weights (Li et al., 2018)."""

PICTURE = "surface.png"


def parser() -> Parser:
    """The arguments of `mlp-lab surface RUN_FOLDER`."""
    found = Parser("mlp-lab surface", description=ABOUT)
    found.add_argument("run", metavar="RUN_FOLDER", help="folder of a finished run")
    found.add_argument("--points", type=int, default=31, help="along each side; odd; default: 31")
    found.add_argument(
        "--reach", type=float, default=1.0, help="of a side; 1 is as far as weights are long"
    )
    found.add_argument("--seed", type=int, default=0, help="of the directions; default: 0")
    found.add_argument("-o", "--output", metavar="FILE", help=f"default: {PICTURE} in the folder")
    return found


def run(arguments: Namespace) -> None:
    """Draw the surface, and print what it says of the network.

    Raises:
        UserError: the run or an option cannot be used.
    """
    from mlp_lab.estimators.plotting import save_surface  # noqa: PLC0415  torch, matplotlib
    from mlp_lab.estimators.surface import of_folder, require_grid  # noqa: PLC0415

    grid = {"points": arguments.points, "reach": arguments.reach, "seed": arguments.seed}
    require_grid(**grid, prefix="--")

    folder = Path(arguments.run)
    path = folder / PICTURE if arguments.output is None else Path(arguments.output)
    around = of_folder(folder)
    found = around.surface(**grid)
    save_surface(found, path)
    screen = Screen()
    least, *place = found.lowest
    steps = ", ".join(f"{step:.2g}" for step in place)
    screen.print(
        f"training loss {four_digits(found.centre)} of {len(around.rows):,} rows; on a grid of"
        f" {arguments.points} x {arguments.points} points within {arguments.reach:g} of the"
        f" weights' length it is {four_digits(least)} at its lowest, at ({steps}), and"
        f" {four_digits(found.highest)} at its highest",
        soft_wrap=True,
    )
    screen.print(str(path), soft_wrap=True)


def main() -> None:
    """`mlp-lab surface RUN_FOLDER`."""
    run_parsed(parser(), run)
