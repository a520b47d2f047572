"""Tables with a target, and the part of each row: the same rows for every competitor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.model_selection import train_test_split

PART = "part"
PARTS = ("train", "val", "test")
HELD_OUT = 0.2
"""Of all rows for testing, and of the rest for validation, where a table has no column `part`."""


@dataclass(frozen=True)
class Kind:
    """What to predict of a file, and columns that no one may read."""

    target: str
    regression: bool = False
    without: Sequence[str] = ()


FILES: Mapping[str, Kind] = {
    "phoneme": Kind("nasal"),
    "german": Kind("credit"),
    "mammography": Kind("calc"),
    "winequality": Kind("quality", regression=True),
    "abalone": Kind("rings", regression=True),
    "diamonds": Kind("price", regression=True),
    # `name` is another one in nearly every row; `alive` gives the target away.
    "mpg": Kind("mpg", regression=True, without=["name"]),
    "penguins": Kind("species"),
    "titanic": Kind("survived", without=["alive"]),
}

BUNDLED: Mapping[str, tuple[Callable[..., tuple[pd.DataFrame, pd.Series]], bool]] = {
    "digits": (load_digits, False),
    "breast_cancer": (load_breast_cancer, False),
    "wine": (load_wine, False),
    "diabetes": (partial(load_diabetes, scaled=False), True),
}
"""Scikit-learn's own tables, and whether their target is a number."""


@dataclass(frozen=True)
class Table:
    """Inputs, target and part of every row."""

    name: str
    inputs: pd.DataFrame
    """(N, D): numbers, or categories of text; missing where nothing is known."""
    target: pd.Series
    """(N,): numbers, or the names of classes."""
    parts: NDArray[np.str_]

    @property
    def regression(self) -> bool:
        """Whether the target is a number."""
        return self.target.dtype.kind == "f"

    @cached_property
    def classes(self) -> NDArray[np.str_]:
        """In alphabetical order."""
        return np.unique(self.target.to_numpy().astype(str))

    def rows(self, part: str) -> pd.DataFrame:
        """Inputs of a part."""
        rows: pd.DataFrame = self.inputs.loc[self.parts == part]
        return rows

    def truth(self, part: str) -> NDArray[np.float64]:
        """Targets of a part; for classes their places in `classes`, (N,)."""
        target: NDArray[np.generic] = self.target.to_numpy()[self.parts == part]
        if self.regression:
            return target.astype(np.float64)
        return np.searchsorted(self.classes, target.astype(str)).astype(np.float64)


def read(name: str, folder: Path, seed: int) -> Table:
    """A table by its name; the seed splits one that has no parts of its own.

    Raises:
        FileNotFoundError: it is in neither the folder nor the one above it.
    """
    if name in BUNDLED:
        load, regression = BUNDLED[name]
        inputs, target = load(return_X_y=True, as_frame=True)
        return _table(name, inputs, target, regression, seed)
    kind, file = FILES[name], f"{name}.csv"
    path = folder / file
    frame = pd.read_csv(path if path.exists() else folder.parent / file)
    inputs = frame.drop(columns=[kind.target, *kind.without])
    return _table(name, inputs, frame[kind.target], kind.regression, seed)


def _table(
    name: str, inputs: pd.DataFrame, target: pd.Series, regression: bool, seed: int
) -> Table:
    target = target.astype(np.float64 if regression else str)
    if PART in inputs:
        parts = inputs.pop(PART).to_numpy().astype(str)
    else:
        parts = _split(target.to_numpy(), regression, seed)
    return Table(name, inputs.apply(_plain), target, parts)


def _plain(column: pd.Series) -> pd.Series:
    """Numbers and truth values as numbers, everything else as text."""
    if column.dtype.kind in "iufb":
        return column.astype(np.float64)
    return column.map(lambda cell: None if pd.isna(cell) else str(cell)).astype(object)


def _split(target: NDArray[np.generic], regression: bool, seed: int) -> NDArray[np.str_]:
    """The part of each row, at random; classes keep their shares."""
    parts = np.full(len(target), "train", dtype="<U5")
    rows = np.arange(len(target))
    for part in ("test", "val"):
        classes = None if regression else target[rows]
        rows, held_out = train_test_split(
            rows, test_size=HELD_OUT, random_state=seed, stratify=classes
        )
        parts[held_out] = part
    return parts
