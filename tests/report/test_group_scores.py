"""Scores by group: their names, their numbers by hand, and what is too small."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column, classified
from mlp_lab.data.schema import Target
from mlp_lab.errors import UserError
from mlp_lab.metrics.predictions import Predictions
from mlp_lab.report.group_scores import group_names, print_groups, scores_by_group

DRAW = np.random.default_rng(0)
ROWS = 90
PLAIN = Scaling(center=0.0, scale=1.0, quantiles=[])
VOTE = Target(classified("vote", ["no", "yes"]), "binary", ["no", "yes"], 1, "none", PLAIN)
PAY = Target(Column(name="pay"), "regression", None, 1, "none", PLAIN)
OUTPUTS = DRAW.uniform(size=(ROWS, 1))
VOTES = (OUTPUTS[:, 0] + DRAW.normal(0, 0.3, ROWS) > 0.5).astype(float)


def predictions(target: Target, truth: np.ndarray, weights: np.ndarray | None) -> Predictions:
    """Of rows with these outputs."""
    return Predictions(
        target=target,
        outputs=OUTPUTS,
        truth=truth,
        losses=np.ones(ROWS),
        weights=weights,
        loss_weights=weights,
        probabilities=target is VOTE,
    )


def test_classes_by_hand() -> None:
    """As scikit-learn has them, with an interval around each; small groups are only named."""
    names = np.array(["north", "south", "islands"])[np.minimum(np.arange(ROWS) // 42, 2)]
    found = scores_by_group(predictions(VOTE, VOTES, None), names)
    assert list(found["groups"]) == ["north", "south"]
    assert found["too_small"] == {"islands": 6}
    for name, own in found["groups"].items():
        rows = names == name
        decided = OUTPUTS[rows, 0] > 0.5
        assert own["rows"] == 42
        assert own["scores"]["accuracy"] == accuracy_score(VOTES[rows], decided)
        balanced = balanced_accuracy_score(VOTES[rows], decided)
        assert own["scores"]["balanced_accuracy"] == pytest.approx(balanced)
        share = VOTES[rows].mean()
        assert own["constant"] == {"accuracy": pytest.approx(max(share, 1 - share))}
        low, high = own["intervals"]["accuracy"]
        assert low < own["scores"]["accuracy"] < high


def test_numbers_with_weights() -> None:
    """A weight of two is a row more; the constant is the weighted mean of the group."""
    weights = 1.0 + np.arange(ROWS) % 2
    names = np.array(["a", "b"])[np.arange(ROWS) % 3 // 2]
    found = scores_by_group(predictions(PAY, VOTES * 3, weights), names)
    again = np.repeat(np.arange(ROWS), weights.astype(int))
    for name, own in found["groups"].items():
        rows = again[names[again] == name]
        truth = VOTES[rows] * 3
        assert own["scores"]["rmse"] == pytest.approx(
            np.sqrt(((OUTPUTS[rows, 0] - truth) ** 2).mean())
        )
        assert own["constant"] == {"rmse": pytest.approx(truth.std())}


def test_rows_of_no_weight() -> None:
    """Nothing can be averaged."""
    names = np.array(["a", "b"])[np.arange(ROWS) % 2]
    found = scores_by_group(predictions(PAY, VOTES, (names == "a") * 1.0), names)
    assert (list(found["groups"]), found["too_small"]) == (["a"], {"b": 45})


def test_names_of_groups() -> None:
    """Few numbers are groups; many are cut at their quartiles, in the order of numbers."""
    few = [None if i % 9 == 0 else str(i % 3) for i in range(ROWS)]
    numbers = np.array([np.nan if text is None else float(text) for text in few], dtype=np.float64)
    names = group_names("q", few, numbers)
    assert list(scores_by_group(predictions(VOTE, VOTES, None), names)["groups"]) == [
        *("0", "1", "2", "(no value)")
    ]
    ages = np.arange(5.0, 5 + ROWS)
    names = group_names("age", list(map(str, ages)), ages)
    found = scores_by_group(predictions(VOTE, VOTES, None), names)
    assert list(found["groups"]) == ["5 to 27", "28 to 49", "50 to 71", "72 to 94"]
    tied = np.where(np.arange(ROWS) < 70, 0.0, np.arange(ROWS))
    called = group_names("z", list(map(str, tied)), tied)
    assert sorted({*called.tolist()}) == ["0", "70 to 89"]
    with pytest.raises(UserError, match=r"^--by must be a column of at most 50 different values, "):
        group_names("name", [f"n{i}" for i in range(ROWS)], None)


def test_what_a_terminal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each group; where it has one class, no area under a curve."""
    names = np.where(VOTES == 1, "left", "right")
    names[:8] = "few"
    print_groups("party", scores_by_group(predictions(VOTE, VOTES, None), names))
    heading, left, right, few = map(str.split, capsys.readouterr().out.splitlines())
    assert heading[:4] == ["by", "party", "rows", "accuracy"]
    assert (left[0], right[0]) == ("left", "right")
    assert "nan" not in [*left, *right]
    assert " ".join(few) == "party few: 8 rows, too few to say anything (at least 10)"
