"""What errors on validation rows say of the order of the rows and of what a target counts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab import BARE, train

from mlp_lab.data.arrays import Floats
from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Target
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.member import Run
from mlp_lab.tracking.curves import Row
from mlp_lab.verdict.evidence import Evidence
from mlp_lab.verdict.judge import Judge
from mlp_lab.verdict.residuals import is_sorted, rank_correlation

ROWS = 600
DRAW = np.random.default_rng(0)
X, NOISE = DRAW.normal(size=(2, ROWS))


def drifting(strength: float) -> Floats:
    """Noise of which each number is so much of the one before."""
    found = np.empty(ROWS)
    found[0] = NOISE[0]
    for row in range(1, ROWS):
        found[row] = strength * found[row - 1] + np.sqrt(1 - strength**2) * NOISE[row]
    return found


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Evidence]:
    """The evidence on every run."""
    found: list[Evidence] = []
    gathered = Judge.evidence

    def evidence(judge: Judge, run: Run, network: MLP, curves: Sequence[Row]) -> Evidence:
        found.append(gathered(judge, run, network, curves))
        return found[-1]

    monkeypatch.setattr(Judge, "evidence", evidence)
    return found


def trained(frame: pd.DataFrame, folder: Path, *words: str) -> None:
    """A small network learns column y of a table."""
    frame.to_csv(folder / "t.csv", index=False)
    data = ("data=table", f"data.path={folder / 't.csv'}", "data.target=y", "model=shallow")
    train(folder / "run", *data, "model.width=8", "epochs=12", "optimizer.lr=0.01", *BARE, *words)


SERIES, CLASSES = X + drifting(0.9), np.where(X + drifting(0.9) > 0, "yes", "no")
DAYS = pd.date_range("2024-01-01", periods=ROWS, freq="h").astype(str)


@pytest.mark.parametrize(
    ("frame", "words", "alike"),
    [
        (pd.DataFrame({"x": X, "y": SERIES}), (), True),
        (pd.DataFrame({"x": X, "day": DAYS, "y": SERIES}), (), True),
        (pd.DataFrame({"x": X, "y": CLASSES}), (), True),
        (pd.DataFrame({"x": X, "day": DAYS, "y": SERIES}), ("data.time=day",), False),
        (pd.DataFrame({"x": X, "y": X + NOISE}), (), False),
        (pd.DataFrame({"x": X, "y": SERIES}).sort_values("y"), (), False),
        (pd.DataFrame({"x": X, "y": CLASSES}).sort_values("y"), (), False),
        (pd.DataFrame({"x": X, "y": np.sin(9 * X)}).sort_values("x"), (), False),
    ],
)
def test_rows_next_to_each_other(
    frame: pd.DataFrame, words: tuple[str, ...], alike: bool, seen: list[Evidence], tmp_path: Path
) -> None:
    """Of a series; not of rows that are drawn, split by time, or sorted by what they say."""
    trained(frame, tmp_path, *words)
    (evidence,) = seen
    assert (evidence.alike > 0.3) == alike
    assert evidence.in_order == ["day"] * ("day" in frame and not words) or not alike


COUNTS = np.random.default_rng(1).poisson(np.exp(0.5 + 0.9 * X))


@pytest.mark.parametrize(
    ("target", "words", "grows"),
    [
        (COUNTS, (), True),
        (COUNTS + 1, (), True),
        (COUNTS, ("loss=poisson",), False),
        (COUNTS, ("data.target_transform=log1p",), False),
        (COUNTS - 9, (), False),
        (COUNTS + 0.5, (), False),
        (np.round(20 + 4 * X + NOISE), (), False),
        (np.clip(np.round(2 + X + NOISE), 1, 5), (), False),
        (1000 * COUNTS, (), False),
    ],
)
def test_a_target_that_counts(
    target: Floats, words: tuple[str, ...], grows: bool, seen: list[Evidence], tmp_path: Path
) -> None:
    """Whole numbers from 0 or 1 on, learnt by squared errors; no scale, and in no unit."""
    trained(pd.DataFrame({"x": X, "y": target}), tmp_path, "data.task=regression", *words)
    (evidence,) = seen
    assert (evidence.spread > 0.2) == grows
    assert grows or evidence.spread < 0.1


def test_a_file_that_is_sorted() -> None:
    """By a number, up or down, or by a class; not where only a few rows are out of order."""
    scaling = Scaling(0.0, 1.0, [])
    number = Target(Column(name="y"), "regression", None, 1, "none", scaling)
    classes = Target(Column(name="y", levels=["a", "b"]), "binary", ["a", "b"], 1, "none", scaling)
    assert is_sorted(np.arange(9.0), number)
    assert is_sorted(np.arange(9.0)[::-1], number)
    assert is_sorted(np.ones(9), number)
    assert not is_sorted(np.sin(np.arange(9.0)), number)
    assert is_sorted(np.array([0.0, 0, 1, 1, 1]), classes)
    assert not is_sorted(np.tile([0.0, 1], 5), classes)


def test_ranks_of_nothing() -> None:
    """Numbers that are all equal go with no others."""
    assert rank_correlation(np.ones(5), np.arange(5.0)) == 0
    assert rank_correlation(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1)
