"""A trace in words: its width, what it leaves out, and kinks."""

import pytest
from traces import LARGE, traced

from mlp_lab.trace.latex import latex
from mlp_lab.trace.text import WIDTH, markdown, text


@pytest.mark.parametrize(
    "words",
    [
        *((), LARGE, ("model=perceptron", "loss=mae"), ("loss=cce",)),
        ("model=deep", "model.width=3", "model.activation=swiglu"),
    ],
)
def test_the_terminal_is_80_columns_wide(words: tuple[str, ...]) -> None:
    """Whatever the network; numbers stay apart."""
    lines = text(traced(*words), 6)
    assert max(map(len, lines)) <= WIDTH
    assert all(len(line.split()) >= 2 for line in lines if line.startswith("    dL/d"))


def test_what_is_cut_is_said() -> None:
    """Rows, columns, entries, units and differences."""
    found = traced(*LARGE)
    lines = [line.strip() for line in text(found, 6)]
    assert "… 15 more of 20 columns" in lines
    assert "… 15 more of 20 columns and 58 more of 64 rows" in lines
    assert "… 1,274 more of 1,280 entries" in lines
    assert "differences of dL/dOmega_0: 256 of 1,280 entries" in lines
    assert "without the dropout of 0.3 that training has" in lines
    assert "… 1,274 more of 1,280 entries" in markdown(found, 6)
    assert r"1,274 more of 1,280 entries" in latex(found, 6)


def test_kinks_and_what_is_not_finite_are_said() -> None:
    """In every text."""
    kinked = " ".join(text(traced("theta_01=-2"), 6))
    assert "-10 kink" in kinked
    assert "relu a'(0) = 0" in kinked
    endless = " ".join(text(traced("loss=bce", "phi_0=900", "t=0"), 6))
    assert "not every number is finite" in endless
