"""How the words of a command line are sorted and read."""

import pytest

from mlp_lab.errors import UserError
from mlp_lab.trace.request import TraceRequest, matrix


def test_words_are_sorted() -> None:
    """A folder, settings of a training, and numbers of one's own."""
    request = TraceRequest.of(["model=deep", "x=[1, 2]", "phi_1=3", "seed=4"], None, None)
    assert request.run is None
    assert request.settings == ["model=deep", "seed=4"]
    assert request.numbers == {"x": [[1.0, 2.0]], "phi_1": [[3.0]]}
    assert str(TraceRequest.of(["outputs/a"], None, 2).run) == "outputs/a"


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        (2, [[2.0]]),
        ("1e-3", [[0.001]]),  # YAML takes it for text
        ([1, 2], [[1.0, 2.0]]),
        ([[1], [2]], [[1.0], [2.0]]),
    ],
)
def test_numbers_become_rows(value: object, rows: list[list[float]]) -> None:
    """A number, a row, or a list of rows."""
    assert matrix("x", value) == rows


@pytest.mark.parametrize("value", [True, None, "a", [], [[1], [2, 3]], [[1], 2], float("inf")])
def test_what_is_no_matrix(value: object) -> None:
    """The line names the key."""
    with pytest.raises(UserError, match=r"^x must be a number, a list of numbers, or a list of"):
        matrix("x", value)
