"""Pictures are drawn, and described."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlp_lab.metrics.effect import Effect
from mlp_lab.report.figures import caption, draw, heading, short_name
from mlp_lab.report.pictures import (
    Calibration,
    Confusion,
    Effects,
    Importance,
    Observed,
    Picture,
    Plane,
)

CONFUSION = Confusion("val", ["a", "b"], [[8.0, 2.0], [0.0, 10.0]])
SURFACE = Plane(("x", "z"), "y", [], [0, 1], [0, 1], [[1, 2], [3, 4]], ([0.5], [0.5], [2]))


def test_words_of_pictures(tmp_path: Path) -> None:
    """Numbers that a reader would see."""
    confusion = Confusion("val", ["a", "b"], [[8.0, 2.0], [0.0, 10.0]])
    words = draw(confusion, tmp_path / "a.png")
    assert words == (
        "Confusion matrix of the validation rows: accuracy 90 %; the most frequent error: a"
        " predicted as b."
    )
    perfect = replace(confusion, counts=[[8.0, 0.0], [0.0, 2.0]])
    assert draw(perfect, tmp_path / "a.png").endswith("accuracy 100 %.")
    columns = Importance(
        *("y", "r2", [f"column {i}" for i in range(40)], [1.0] * 40, [0.9] * 40, [1.1] * 40, 100)
    )
    words = draw(columns, tmp_path / "a.png")
    assert "R² lost when a column is shuffled, with 95 % intervals" in words
    assert "highest of column 0 1 (0.9 to 1.1), column 1 1" in words
    many = Confusion("test", [f"class {i}" for i in range(25)], np.eye(25).tolist())
    draw(many, tmp_path / "a.png")
    plane = Plane(("x", "z"), "y", [], [0, 1], [0, 1], [[1, 2], [3, 4]], ([0.5], [0.5], [2]))
    assert draw(plane, tmp_path / "a.png").startswith("The predicted y over x and z")


def test_names_beside_axes() -> None:
    """Long ones are cut."""
    assert short_name("a" * 30) == "a" * 23 + "…"


@pytest.mark.parametrize(
    ("picture", "called"),
    [
        (CONFUSION, "Confusion matrix"),
        (SURFACE, "Fitted surface"),
        (replace(SURFACE, classes=["a", "b"]), "Decision regions"),
        (Importance("y", "r2", ["x"], [0.1], [0.0], [0.2], 100), "Permutation importance"),
    ],
)
def test_headings(picture: Picture, called: str) -> None:
    """In the field's words."""
    assert heading(picture) == called


def test_errors_in_words(tmp_path: Path) -> None:
    """The mean absolute error, and the calibration error."""
    numbers = Observed("test", "y", [1.0, 2.0, 3.0], [1.5, 2.0, 2.0])
    assert draw(numbers, tmp_path / "a.png").endswith("the mean absolute error is 0.5.")
    sure = Calibration(
        *("test", [0.9, 0.7], [0.8, 0.7], [0.6, 0.4], [0.9, 0.9], [30.0, 10.0], [30, 10])
    )
    words = draw(sure, tmp_path / "a.png")
    assert words.endswith("the calibration error is 7.5 %.")
    assert "with 95 % intervals and the rows of each of 2 bins" in words


def test_captions_name_the_intervals() -> None:
    """Which rows a picture is of, and what its lines are."""
    assert caption(CONFUSION) == "validation rows"
    importance = Importance("y", "r2", ["x"], [0.1], [0.0], [0.2], 100)
    words = "bars: mean over 5 shuffles of 100 validation rows; lines: 95 % interval over shuffles"
    assert caption(importance).startswith(words)


def test_effects_in_words(tmp_path: Path) -> None:
    """A sentence for each column, and how they are measured; classes may differ by column."""
    age = Effect("age", "yes", [], [1.0, 2.0], [0.5, 0.6], [0.4, 0.5], [0.6, 0.7], (0.1, 0.0, 0.2))
    town = replace(age, column="town", levels=["Bonn", "Ulm"], values=[0.0, 1.0])
    effects = Effects("val", "voted", 60, [age, town, replace(age, predicted="no")])
    assert draw(effects, tmp_path / "a.png") == (
        "The predicted probabilities by age, town and age, with 95 % intervals."
    )
    words = draw(replace(effects, columns=[age]), tmp_path / "a.png")
    assert words == "The predicted probability of voted=yes by age, with 95 % intervals."
    said = caption(effects)
    assert said.count("probability of voted=") == 3
    assert "Mean prediction of 60 validation rows, all with the same value of a column" in said
    assert heading(effects) == "What columns do"
