"""Sets of answers as numbers, and the inputs that a network has of them."""

import numpy as np
import pytest

from mlp_lab.data.answers import (
    MOST_ANSWERS,
    AnswersEncoding,
    chosen_in,
    holds_unknown,
    recoded_sets,
    set_of,
)
from mlp_lab.data.column_encoding import InputColumn
from mlp_lab.data.columns import RARE, UNSEEN, Column

LANGUAGES = ["English", "French", "German"]
COLUMN = Column(name="spoken", kind="multiple", levels=LANGUAGES, separator=";")


def test_a_set_of_any_size_comes_back() -> None:
    """Bit for bit, with what is rare and what is unknown; the order does not matter."""
    draw = np.random.default_rng(0)
    sets = [draw.permutation(MOST_ANSWERS)[: draw.integers(MOST_ANSWERS + 1)] for _ in range(50)]
    others = [[], [int(UNSEEN)], [int(RARE)], [int(UNSEEN), int(RARE)]]
    values = np.array([set_of([*some.tolist(), *others[i % 4]]) for i, some in enumerate(sets)])
    assert chosen_in(values, MOST_ANSWERS).tolist() == [
        [place in some for place in range(MOST_ANSWERS)] for some in map(set, sets)
    ]
    assert holds_unknown(values).tolist() == [i % 4 in (1, 3) for i in range(50)]
    assert set_of([2, 0, 2]) == set_of([0, 2])


def test_answers_that_are_not_kept_are_rare() -> None:
    """Those of others move to the places that they have there; NaN stays."""
    fitted = Column(name="spoken", kind="multiple", levels=["German", "English"], separator=";")
    values = np.array([set_of(some) for some in ([0], [1], [0, 2, -1], [1, -2], [])] + [np.nan])
    expected = [set_of(some) for some in ([1], [-2], [1, 0, -1], [-2], [])]
    assert recoded_sets(values, COLUMN, fitted)[:-1].tolist() == expected
    assert np.isnan(recoded_sets(values, COLUMN, fitted)[-1])


def test_inputs_are_indicators() -> None:
    """One for each answer; nothing chosen is zero in all, a missing cell has its own input."""
    cells = [[0], [0, 1], [0, 1], [1, 0], [2], []]
    values = np.array([*map(set_of, cells), np.nan])
    fitted = InputColumn.fit(COLUMN, values, "standard")
    assert fitted.column.levels == ["English", "French"]
    assert fitted.column.others == ["German"]
    assert fitted.names == [
        f"spoken={name}" for name in ("English", "French", "(other)", "(missing)")
    ]
    rows = np.zeros((4, 4))
    kept = recoded_sets(np.array([3.0, 4.0, 0.0, np.nan]), COLUMN, fitted.column)
    fitted.encoding.write(kept, rows, 0)
    assert rows.tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]]


def test_a_column_without_rare_or_missing_answers_has_no_input_for_them() -> None:
    """An unknown answer and a missing cell are then zero in all of its inputs."""
    fitted = InputColumn.fit(COLUMN, np.array([1.0, 3, 7, 6, 4]), "standard")
    assert fitted.encoding == AnswersEncoding(3, other=False, missing=False)
    rows = np.zeros((2, 3))
    fitted.encoding.write(np.array([set_of([-1]), np.nan]), rows, 0)
    assert not rows.any()


@pytest.mark.parametrize(("share", "kept"), [(0.0, 3), (0.3, 2), (0.7, 1)])
def test_rare_answers_are_of_few_rows(share: float, kept: int) -> None:
    """`data.min_frequency` is a share of the training rows, as of levels."""
    column = Column(name="x", kind="multiple", levels=LANGUAGES, separator=";", min_frequency=share)
    values = np.array([set_of(some) for some in [[0]] * 6 + [[0, 1]] * 2 + [[0, 2]] * 2])
    values[-3] = set_of([0, 1, 2])
    assert len(InputColumn.fit(column, values, "none").column.levels) == kept
