"""What a command line asks to trace: a run, or settings of a training, and numbers of one's own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlp_lab.errors import UserError, nearest, require
from mlp_lab.formatting import shown
from mlp_lab.stored import Damaged, parse_yaml, read_yaml

Matrix = list[list[float]]

EXAMPLE: dict[str, Matrix] = {
    "x": [[2.0]],
    "t": [[3.0]],
    "Omega_0": [[1.0, -1.0]],
    "beta_0": [[0.5, 1.0]],
    "Omega_1": [[2.0], [-1.0]],
    "beta_1": [[0.5]],
}
"""The course's network, y = phi_0 + phi_1 h_1 + phi_2 h_2 with ReLU; unit 2 is inactive."""

DEEP_EXAMPLE: dict[str, Matrix] = {
    "Omega_0": [[1.0, -1.0]],
    "beta_0": [[0.5, 3.0]],
    "Omega_1": [[1.0, -1.0], [-1.0, 0.5]],
    "beta_1": [[0.0, 0.5]],
    "Omega_2": [[2.0], [-1.0]],
    "beta_2": [[0.5]],
}
"""With one more hidden layer, of two units; the second of these is inactive."""

OWN = re.compile(r"[xty]|(Omega|beta)_\d+|(theta|phi|psi)_\d+")
"""Keys that are numbers of the network, and no settings of a training."""

SETTINGS = ("model", "loss", "data", "seed", "dtype", "experiment")
"""Settings of a training on which a trace depends; `dtype` is that of the weights' draw."""


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """What a command line asks to trace. `rows` None: all there are, or a data set's first."""

    run: Path | None = None
    settings: list[str] = field(default_factory=list)
    numbers: dict[str, Matrix] = field(default_factory=dict)
    rows: int | None = None

    @classmethod
    def of(cls, words: Sequence[str], file: str | None, rows: int | None) -> TraceRequest:
        """Sort the words: a folder, settings of a training, own numbers.

        Raises:
            UserError: a word is none of these, or they do not go together.
        """
        if rows is not None:
            require(rows >= 1, "--rows", "1 or more", rows)
        folders = [word for word in words if "=" not in word]
        own = {}
        if file is not None:
            own = {key: matrix(key, value) for key, value in numbers_file(Path(file)).items()}
        typed = [word for word in words if "=" in word]
        settings = [word for word in typed if not OWN.fullmatch(word.partition("=")[0])]
        for word in settings:
            if word.lstrip("+~").partition("=")[0].partition(".")[0] not in SETTINGS:
                close = nearest(word.partition("=")[0].partition(".")[0], [*SETTINGS, *EXAMPLE])
                raise UserError(
                    f"{word} changes nothing in a trace{close} (it depends on {', '.join(SETTINGS)}"
                    " and on own numbers)"
                )
        for word in typed:
            if word not in settings:
                key, _, value = word.partition("=")
                own[key] = matrix(key, parsed(word, value))
        if "y" in own:
            raise UserError("y is what the network gives: a row's target is t, as in t=3")
        if len(folders) > 1:
            raise UserError(f"one RUN_FOLDER at a time, got {' '.join(folders)}")
        if folders and settings:
            raise UserError(f"{folders[0]} has settings of its own: leave out {settings[0]}")
        return cls(Path(folders[0]) if folders else None, settings, own, rows)


def numbers_file(path: Path) -> Mapping[str, object]:
    """A YAML file of own numbers.

    Raises:
        UserError: it holds something else.
    """
    found = read_yaml(path)
    if not isinstance(found, Mapping):
        raise UserError(f"{path} must hold numbers by name, as in x: 2, got {shown(found)}")
    for key in found:
        if not OWN.fullmatch(str(key)):
            raise UserError(
                f"{path}: unknown key {key!r} (x, t, Omega_k, beta_k, theta_ij, psi_jk, phi_j)"
            )
    return {str(key): value for key, value in found.items()}


def parsed(word: str, value: str) -> object:
    """A value as YAML has it.

    Raises:
        UserError: it is not valid YAML.
    """
    try:
        return parse_yaml(value, word)
    except Damaged:
        raise UserError(f"cannot read {word!r}: do its brackets and commas match?") from None


def matrix(key: str, value: object) -> Matrix:
    """A number, a row of numbers or a list of rows, as rows.

    Raises:
        UserError: it is none of these.
    """
    rows = value if isinstance(value, list) else [value]
    if not any(isinstance(row, list) for row in rows):
        rows = [rows]
    found = [[_number(entry) for entry in row] if isinstance(row, list) else [] for row in rows]
    lengths = {len(row) for row in found}
    finite = all(math.isfinite(entry) for row in found for entry in row)
    rule = "a number, a list of numbers, or a list of equally long rows"
    require(finite and len(lengths) == 1 and 0 not in lengths, key, rule, value)
    return found


def _number(entry: object) -> float:
    """A number; NaN for what is none. YAML takes 1e-3 for text."""
    if isinstance(entry, int | float | str) and not isinstance(entry, bool):
        try:
            return float(entry)
        except (ValueError, OverflowError):
            return math.nan
    return math.nan
