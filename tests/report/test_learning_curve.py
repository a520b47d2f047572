"""learning_curve.png is drawn from whatever curves.csv may hold."""

import math
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread

from mlp_lab.report.learning_curve import draw_learning_curve
from mlp_lab.tracking.curves import Row

EMPTY = math.nan


def rows_of(*losses: tuple[float, float]) -> list[Row]:
    """Training and validation losses of some epochs."""
    return [
        {
            "epoch": float(epoch),
            "train_loss": train,
            "val_loss": val,
            "train_accuracy": 1 - train,
            "val_accuracy": 1 - val,
            "lr": 0.1,
            "seconds": 1.0,
        }
        for epoch, (train, val) in enumerate(losses, 1)
    ]


def draw(
    rows: list[Row], best_epoch: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[Axes]:
    """Draw, look at the picture, and return the charts it was made of."""
    drawn: list[Figure] = []
    savefig = Figure.savefig

    def remember(figure: Figure, file: IO[bytes], **_: str | None) -> None:
        drawn.append(figure)
        savefig(figure, file, format="png")

    monkeypatch.setattr(Figure, "savefig", remember)
    result = {"best_epoch": best_epoch, "verdict": {"words": "undecided: a curve by hand"}}
    words = draw_learning_curve(rows, result, folder / "curve.png")
    assert drawn[0].get_suptitle() == "undecided: a curve by hand"
    assert words.endswith("undecided: a curve by hand")
    picture = imread(folder / "curve.png")
    height, width = picture.shape[:2]
    assert (height, width) > (300, 900)
    assert np.ptp(picture[..., :3]) > 0.5
    return drawn[0].axes


@pytest.mark.parametrize(
    ("losses", "best_epoch", "words"),
    [
        ([(0.5, 0.6), (0.4, 0.7)], 1, "the training loss ends at 0.4; the best epoch is 1"),
        ([(0.5, 0.6), (math.inf, EMPTY)], 1, "the training loss was last 0.5; the best epoch is 1"),
        ([(EMPTY, EMPTY)], 0, "the loss was finite in no epoch"),
    ],
)
def test_the_words_for_those_who_cannot_see_it(
    losses: list[tuple[float, float]], best_epoch: int, words: str, tmp_path: Path
) -> None:
    result = {"best_epoch": best_epoch, "verdict": {"words": "so"}}
    said = draw_learning_curve(rows_of(*losses), result, tmp_path / "curve.png")
    assert said == f"Loss and accuracy against epochs: {words}. so"


ONE_EPOCH = rows_of((0.5, 0.6))
FALLING = rows_of((0.5, 0.6), (0.4, 0.5), (0.3, 0.55))


def test_two_charts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss and metric of both parts against epochs, the best epoch marked."""
    charts = draw(FALLING, 2, tmp_path, monkeypatch)
    assert [chart.get_ylabel() for chart in charts] == ["loss", "accuracy"]
    for chart in charts:
        assert chart.get_xlabel() == "epoch"
        lines = {str(line.get_label()): line for line in chart.get_lines()}
        assert list(lines) == ["training", "validation", "best epoch"]
        name = chart.get_ylabel()
        for label, part in (("training", "train"), ("validation", "val")):
            np.testing.assert_array_equal(lines[label].get_xdata(), [1, 2, 3])
            wanted = [row[f"{part}_{name}"] for row in FALLING]
            np.testing.assert_array_equal(lines[label].get_ydata(), wanted)
        np.testing.assert_array_equal(lines["best epoch"].get_xdata(), 2)


@pytest.mark.parametrize(
    ("rows", "best_epoch"),
    [
        pytest.param(rows_of((EMPTY, EMPTY)), 0, id="diverged at once"),
        pytest.param(rows_of((0.5, 0.6), (math.inf, EMPTY)), 1, id="diverged later"),
        pytest.param(rows_of((0.5, 0.6), (1e30, 1e38)), 1, id="about to diverge"),
    ],
)
def test_numbers_that_are_not_finite(
    rows: list[Row], best_epoch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are left out; warnings would be errors here."""
    charts = draw(rows, best_epoch, tmp_path, monkeypatch)
    marks = [str(line.get_label()) for line in charts[0].get_lines()]
    assert ("best epoch" in marks) == (best_epoch > 0)


def test_one_epoch_is_a_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of one point would be invisible."""
    for chart in draw(ONE_EPOCH, 1, tmp_path, monkeypatch):
        markers = [
            line.get_marker() for line in chart.get_lines() if np.size(line.get_xdata()) == 1
        ]
        assert markers == ["o", "o"]


def test_epochs_are_whole_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no epoch 1.25."""
    for chart in draw(FALLING, 2, tmp_path, monkeypatch):
        low, high = chart.get_xlim()
        ticks = [tick for tick in chart.get_xticks() if low <= tick <= high]
        assert all(float(tick).is_integer() for tick in ticks), ticks


def test_no_validation_rows_no_validation_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A legend must not name what is not drawn."""
    for chart in draw(rows_of((0.5, EMPTY), (0.4, EMPTY)), 2, tmp_path, monkeypatch):
        legend = chart.get_legend()
        assert legend is not None
        assert "validation" not in [text.get_text() for text in legend.get_texts()]


def test_plateaus_are_shaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the loss, with one name for all; the alternative text has every phase."""
    falls = [[1 / (1 + math.exp((e - at) / 1.5)) for e in range(100)] for at in (30, 70)]
    losses = [2 + sum(both) for both in zip(*falls, strict=True)]
    rows = rows_of(*[(loss, loss) for loss in losses])
    loss, accuracy = draw(rows, 0, tmp_path, monkeypatch)
    spans = [patch.get_extents().transformed(loss.transData.inverted()) for patch in loss.patches]
    assert len(spans) == 3
    assert spans[0].x0 == pytest.approx(1)
    assert spans[2].x1 == pytest.approx(100)
    legend = loss.get_legend()
    assert legend is not None
    named = [words.get_text() for words in legend.get_texts()]
    assert named.count("training plateau") == 1
    assert not accuracy.patches
    result = {"best_epoch": 0, "verdict": {"words": "by hand"}}
    words = draw_learning_curve(rows, result, tmp_path / "again.png")
    assert "; its phases: plateau from epoch 1 to" in words
