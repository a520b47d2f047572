"""The settings that every data set has, and how a file of rows is written."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mlp_lab.errors import UserError, nearest, require, require_choice, require_count, require_seed
from mlp_lab.formatting import counted

SCALINGS = ("standard", "robust", "quantile", "none")
DELIMITERS = (",", ";", "\t", "|")
"""Signs between cells that are looked for."""

WHITESPACE = "whitespace"
"""The delimiter of cells that blanks or tabs, one or more, stand between."""

MOST_LINES = 10_000_000
"""Of a file, to which a setting may refer."""

MOST_QUANTILES = 10_000
"""Of a column; its schema.json holds them."""

TRANSFORMS = ("none", "log", "log1p")


class Draw(IntEnum):
    """What `data.split_seed` is used for; each use has a random stream of its own."""

    ROWS = 0
    BLUR = 1
    SPLIT = 2
    LABEL_NOISE = 3
    FOLDS = 4
    OUTLIERS = 5
    QUANTILE_NOISE = 6


@dataclass(kw_only=True, slots=True)
class DataConfig:
    """How a data set is cut into parts, for all rows or a share of them, and how it is encoded.

    All that is random about the data follows from `split_seed`; `seed` is the network's and its
    batches'. `folds` cuts the rows that are not test rows into so many parts of about one size:
    number `fold`, from 0, validates instead of `val_fraction`; each `repeat` is another such cut.
    `train_rows` keeps that many training rows (null: all). `label_noise` is a share of training
    labels drawn anew, uniformly over all classes; for regression, the standard deviation of noise
    added to training targets, in units of theirs. `scaling` of numeric inputs: standard (mean 0,
    deviation 1), robust (median 0, interquartile range 1), quantile (to a normal distribution) or
    none. `quantiles` of the training values are kept for that, and noise of `quantile_noise` of
    their standard deviations is added before these are taken, which parts equal values.
    `target_transform`: the network learns the logarithm of a regression target; of several targets
    one for all, a list, or one by the name of the column, none of the others.
    `class_weights`: balanced gives every class the same share of the loss.
    """

    name: str
    test_fraction: float
    val_fraction: float
    folds: int | None
    fold: int
    repeat: int
    split_seed: int
    train_rows: int | None
    label_noise: float
    scaling: str
    quantiles: int
    quantile_noise: float
    target_transform: str | list[str] | dict[str, str]
    class_weights: str

    def __post_init__(self) -> None:
        require(0 <= self.test_fraction < 1, "data.test_fraction", "in [0, 1)", self.test_fraction)
        require(0 <= self.val_fraction < 1, "data.val_fraction", "in [0, 1)", self.val_fraction)
        folds = self.folds
        require(folds is None or folds >= 2, "data.folds", "2 or more, or null", folds)
        for key, value in (("data.fold", self.fold), ("data.repeat", self.repeat)):
            require_seed(value, key)
            if folds is None and value > 0:
                raise UserError(f"{key}={value} needs data.folds, the number of folds")
        if folds is None:
            both = self.test_fraction + self.val_fraction
            require(both < 1, "data.test_fraction + data.val_fraction", "below 1", both)
        else:
            require(self.fold < folds, "data.fold", f"below data.folds={folds}", self.fold)
        require(self.split_seed >= 0, "data.split_seed", "0 or more", self.split_seed)
        rows = self.train_rows
        require(rows is None or rows >= 1, "data.train_rows", "1 or more, or null", rows)
        require(self.label_noise >= 0, "data.label_noise", "0 or more", self.label_noise)
        require_choice(self.scaling, "data.scaling", SCALINGS)
        require_count(self.quantiles, "data.quantiles", 2, MOST_QUANTILES)
        noise = self.quantile_noise
        require(0 <= noise <= 1, "data.quantile_noise", "in [0, 1]", noise)
        transform = self.target_transform
        for name in [transform] if isinstance(transform, str) else transform:
            one = transform[name] if isinstance(transform, dict) else name
            key = f".{name}" if isinstance(transform, dict) else ""
            require_choice(one, f"data.target_transform{key}", TRANSFORMS)
        require_choice(self.class_weights, "data.class_weights", ["none", "balanced"])

    @property
    def may_validate(self) -> bool:
        """Whether some rows may be kept for validation."""
        return self.folds is not None or self.val_fraction > 0

    @property
    def inputs_of_two(self) -> int:
        """Inputs of a category with two levels, which only tables may have."""
        return 1

    def transforms(self, targets: Sequence[str]) -> list[str]:
        """What the network learns of each target: none, log or log1p.

        Raises:
            UserError: a column is no target, or there are not as many as targets.
        """
        key, transform = "data.target_transform", self.target_transform
        if isinstance(transform, str):
            return [transform] * len(targets)
        if isinstance(transform, list):
            if len(transform) != len(targets):
                raise UserError(
                    f"{key} must have one for each of {counted(len(targets), 'target')}"
                    f" ({', '.join(targets)}), got {len(transform)}"
                )
            return transform
        for name in transform:
            if name not in targets:
                raise UserError(
                    f"{key} names {name!r}: no such target{nearest(name, targets)}"
                    f" ({', '.join(targets)})"
                )
        return [transform.get(name, "none") for name in targets]

    def generator(self, draw: Draw, repeat: int = 0) -> np.random.Generator:
        """The random stream of one use of the split seed, another for each repeat of it."""
        return np.random.default_rng([self.split_seed, draw, repeat])


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """How a file is written, as far as the user says; an empty `quote` means no quoting.

    `header` is the number of its line, none where columns have no names, or auto. `skip_rows`: so
    many lines at the top are left out, or those of a list, from 1; -1 is the last. `comment` begins
    what is no part of a line.
    """

    delimiter: str = "auto"
    quote: str = '"'
    encoding: str = "auto"
    decimal: str = "auto"
    sheet: str | int | None = None
    header: str | int = "auto"
    skip_rows: int | list[int] = 0
    comment: str = ""

    def __post_init__(self) -> None:
        fits = _is_sign(self.delimiter, "auto") or self.delimiter == WHITESPACE
        rule = f"auto, {WHITESPACE} or one ASCII character"
        require(fits, "data.delimiter", rule, self.delimiter)
        self._check_rows()
        fits = _is_sign(self.quote, "") and self.quote != self.delimiter
        rule = "one ASCII character that is not the delimiter, or nothing"
        require(fits, "data.quote", rule, self.quote)
        if self.delimiter == "auto" and self.quote in DELIMITERS:
            raise UserError(
                f"data.quote={self.quote} is of no use: it is a sign between cells; set"
                " data.delimiter, too"
            )
        require_choice(self.decimal, "data.decimal", ("auto", ".", ","))
        self._check_encoding()

    def _check_rows(self) -> None:
        if isinstance(self.header, int):
            require_count(self.header, "data.header", 1, MOST_LINES)
        else:
            require_choice(self.header, "data.header", ("auto", "none"))
        if isinstance(self.skip_rows, int):
            require_count(self.skip_rows, "data.skip_rows", 0, MOST_LINES)
        else:
            for line in self.skip_rows:
                fits = 1 <= abs(line) <= MOST_LINES
                require(fits, "data.skip_rows", "lines from 1, or from -1 for the last", line)
        fits = _is_sign(self.comment, "") and self.comment not in ("", self.delimiter, self.quote)
        rule = "one ASCII character that is no other sign, or nothing"
        require(fits or not self.comment, "data.comment", rule, self.comment)

    def _check_encoding(self) -> None:
        if self.encoding == "auto":
            return
        try:
            io.TextIOWrapper(io.BytesIO(), encoding=self.encoding)
        except (LookupError, ValueError) as error:
            rule = f"auto or an encoding's name, as cp1252, got {self.encoding!r}"
            raise UserError(f"data.encoding must be {rule}") from error


def _is_sign(text: str, word: str) -> bool:
    return text == word or (len(text) == 1 and text.isascii() and text not in "\0\r\n")
