"""Which number is explained, by name."""

import numpy as np
import pytest

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.column_encoding import Scaling
from mlp_lab.data.columns import Column, classified
from mlp_lab.data.schema import AnyTarget, Target, Targets
from mlp_lab.errors import UserError
from mlp_lab.metrics.explained import Asked, explained, in_brief, one_target

PLAIN = Scaling(10.0, 2.0, [])
WAGE = Target(Column(name="wage"), "regression", None, 1, "none", PLAIN)
VOTE = Target(classified("vote", ["no", "yes"]), "binary", ["no", "yes"], 1, "none", PLAIN)
SIZE = Target(classified("size", ["s", "m", "l"]), "multiclass", ["s", "m", "l"], 3, "none", PLAIN)


def forward(inputs: Array) -> Floats:
    """The inputs themselves."""
    return np.asarray(inputs, dtype=np.float64)


@pytest.mark.parametrize(
    ("target", "asked", "name", "wanted"),
    [
        (WAGE, Asked(), "prediction", 12.0),
        (VOTE, Asked(), "probability_yes", 1.0),
        (VOTE, Asked("no"), "probability_no", 0.0),
        (SIZE, Asked("l"), "probability_l", 3.0),
        (Targets([WAGE, WAGE]), Asked(target="wage"), "prediction_wage", 12.0),
    ],
)
def test_what_is_explained(target: AnyTarget, asked: Asked, name: str, wanted: float) -> None:
    """Its name, and the number of a row."""
    found, number = explained(target, asked, forward, probabilities=True)
    assert found == name
    assert number(np.array([[1.0, 2.0, 3.0]])[:, : target.outputs]).tolist() == [wanted]


def test_scores_that_are_no_probabilities_go_by_another_name() -> None:
    """As outputs of a linear layer are."""
    assert explained(VOTE, Asked(), forward, probabilities=False)[0] == "score_yes"


@pytest.mark.parametrize(
    ("target", "asked", "line"),
    [
        (SIZE, Asked(), r"size has 3 classes: class_name must say which is explained \(s, m, l\)"),
        (WAGE, Asked("s"), "class_name is for classes, but wage is a number"),
        (VOTE, Asked("yse"), "unknown class_name 'yse': did you mean 'yes'"),
        (VOTE, Asked(samples=0), "samples must be 1 or more, got 0"),
        (Targets([WAGE, VOTE]), Asked(), r"target must say which \(wage, vote\)"),
    ],
)
def test_what_there_is_not(target: AnyTarget, asked: Asked, line: str) -> None:
    """One line."""
    with pytest.raises(UserError, match=line):
        explained(target, asked, forward, probabilities=True)


def test_one_of_several() -> None:
    """Its place among the outputs."""
    both = Targets([WAGE, VOTE])
    assert one_target(both, "vote") == (VOTE, slice(1, 2), "_vote")
    assert one_target(WAGE, None) == (WAGE, slice(None), "")


def test_many_names_are_cut() -> None:
    """How many more there are is said."""
    assert in_brief(list("abc"), 2) == "a, b, and 1 more"
