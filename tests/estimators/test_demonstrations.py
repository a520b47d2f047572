"""Lessons and traces as objects."""

import pytest

import mlp_lab
from mlp_lab.errors import UserError


def test_a_trace() -> None:
    assert "FORWARD PASS" in repr(mlp_lab.trace())
    own = mlp_lab.trace(x=[[1, 2]], t=[[1, 0]], model="shallow", width=3, loss="cce")
    assert repr(own).startswith("2 inputs -> 3 relu -> 2 softmax; loss cce; 1 row")
    assert "<svg" in own.svg
    assert own._repr_markdown_().startswith("# 2 inputs")
    assert "2 rows" in repr(mlp_lab.trace("data=iris", "model=shallow", "model.width=2", rows=2))
    with pytest.raises(UserError, match="unknown key 'q'"):
        mlp_lab.trace(q=1)


@pytest.mark.slow
def test_a_lesson() -> None:
    given = mlp_lab.lesson("universal_approximation", quick=True)
    assert set(given.claims.columns) >= {"claim", "mean", "low", "high", "verdict"}
    assert given.question in repr(given)
    assert "<table" in given._repr_html_()
    assert len(given.plot().axes) > 1
    assert given.tables


def test_lessons_that_cannot_be_given() -> None:
    with pytest.raises(UserError, match="unknown lesson 'double_ascent'"):
        mlp_lab.lesson("double_ascent")
    with pytest.raises(UserError, match="seeds must be 2 or more, or None, got 1"):
        mlp_lab.lesson("double_descent", seeds=1)
