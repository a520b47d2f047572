"""The command `lesson`: test a textbook's claims on trained networks."""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlp_lab.commands import play
from mlp_lab.commands.arguments import Parser, run_parsed
from mlp_lab.commands.composing import prepare_hydra, run_folder
from mlp_lab.config.groups import config_folder
from mlp_lab.config.reading import read
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.lessons import FIRST
from mlp_lab.lessons.watched import WATCHED
from mlp_lab.stored import Damaged, parse_yaml

ABOUT = "Train networks over several seeds and test claims on them; without NAME, list lessons."

FIELDS = "NAME [quick=true] [seeds=N] [first=N] [folder=PATH] | NAME --play"


@dataclass(kw_only=True, slots=True)
class LessonSettings:
    """Settings of a lesson.

    `quick` is a small form of it, for trying out. `seeds`: networks of each setting; null takes the
    lesson's own number. `first`: the first seed; the others follow it. `folder`: where to
    write; null makes a new one under outputs/.
    """

    quick: bool
    seeds: int | None
    first: int
    folder: str | None

    def __post_init__(self) -> None:
        require(self.seeds is None or self.seeds >= 2, "seeds", "2 or more, or null", self.seeds)
        require(self.first >= 0, "first", "0 or more", self.first)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `mlp-lab lesson NAME ...`."""
    parser.usage = f"{parser.prog} {FIELDS}"
    parser.add_argument("name", metavar="NAME", nargs="?", help="lists them if left out")
    parser.add_argument(
        "settings", metavar="KEY=VALUE", nargs="*", help="quick, seeds, first, folder"
    )
    parser.add_argument(
        "--play", action="store_true", help="watch its networks learn on a live page instead"
    )


def run(arguments: Namespace, configs: Path, fallback: str) -> None:
    """Run a lesson, or list all.

    Args:
        arguments: what was typed.
        configs: the folder of settings.
        fallback: folder to write to if none is named.

    Raises:
        UserError: there is no such lesson or setting, or the folder is taken.
    """
    from mlp_lab.lessons.giving import LESSONS, give  # noqa: PLC0415  torch, pandas

    if arguments.name is not None:
        require_choice(arguments.name, "lesson", LESSONS)
    if arguments.play:
        watch(arguments.name, arguments.settings)
        return
    if arguments.name is None:
        width = max(map(len, LESSONS))
        print("\n".join(f"{name:{width}}  {lesson.question}" for name, lesson in LESSONS.items()))
        return
    settings = read_settings(arguments.settings)
    folder = Path(fallback if settings.folder is None else settings.folder)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UserError(
            f"folder={folder} is taken, and lessons never overwrite: choose another folder"
        ) from None
    try:
        give(
            arguments.name,
            configs,
            folder,
            quick=settings.quick,
            count=settings.seeds,
            first=settings.first,
        )
    except BaseException:
        with suppress(OSError):  # what it holds stays
            folder.rmdir()
        raise


def watch(name: str | None, settings: Sequence[str]) -> None:
    """Open a live page with a lesson's networks, until Ctrl-C.

    Raises:
        UserError: the lesson has none, or settings of its measurements are named.
    """
    if name is None or name not in WATCHED:
        raise UserError(f"--play shows {', '.join(WATCHED)}, got {name or 'no name'}")
    if settings:
        raise UserError(f"--play takes no settings of a lesson, got {' '.join(settings)}")
    words = list(WATCHED[name])
    print(shlex.join(["mlp-lab", "play", *words]), flush=True)
    play.run(play.parser().parse_args(words))


def read_settings(words: Sequence[str]) -> LessonSettings:
    """`quick=true seeds=3` as settings.

    Raises:
        UserError: an unknown key, or a value that cannot be.
    """
    values: dict[str, object] = {"quick": False, "seeds": None, "first": FIRST, "folder": None}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UserError(f"settings of a lesson are written as key=value, got {word!r}")
        values[key] = text if key == "folder" else _as_yaml(text)
    return read(LessonSettings, values, "")


def _as_yaml(text: str) -> object:
    """A value as YAML has it; invalid YAML stays text, which is refused later."""
    try:
        return parse_yaml(text, text)
    except Damaged:
        return text


def main() -> None:
    """`mlp-lab lesson [NAME key=value ...]`."""
    parser = Parser("mlp-lab lesson", description=ABOUT)
    add_arguments(parser)
    prepare_hydra()
    run_parsed(parser, lambda arguments: run(arguments, config_folder(), run_folder(None)))
