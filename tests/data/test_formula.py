"""Formulas that are typed: what they are worth, and what is wrong with those that are none."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlp_lab.data.formula import DEEPEST, LONGEST, Formula
from mlp_lab.errors import UserError

X = [-0.7, 0.0, 0.5, 1.3]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("sin(3 x)", lambda x: math.sin(3 * x)),
        ("y = 2sin(x)cos(x)", lambda x: math.sin(2 * x)),
        ("-x^2", lambda x: -(x**2)),
        ("2^3^2 x", lambda x: 512 * x),
        ("1/2 x", lambda x: x / 2),
        ("1/(2 x + 5)", lambda x: 1 / (2 * x + 5)),
        ("8 - 2 - x", lambda x: 6 - x),
        ("8 / 2 / (x + 2)", lambda x: 4 / (x + 2)),
        ("x - -x + +x", lambda x: 3 * x),
        ("2 exp(-x**2) x", lambda x: 2 * math.exp(-(x**2)) * x),
        ("(x + 1)(x - 1)", lambda x: x * x - 1),
        ("2^-x", lambda x: 2**-x),
        ("abs(x) + sqrt(x + 1) + log(x + 1)", lambda x: abs(x) + (x + 1) ** 0.5 + math.log(x + 1)),
        ("tan(x) + tanh(x)", lambda x: math.tan(x) + math.tanh(x)),
        ("cos(PI X) + e", lambda x: math.cos(math.pi * x) + math.e),
        ("\u03c0 \u00b7 x \u2212 1.5e-1 \u00d7 x", lambda x: (math.pi - 0.15) * x),
        (".5x + 2.", lambda x: x / 2 + 2),
        ("2e x", lambda x: 2 * math.e * x),
    ],
)
def test_values(text: str, same: Callable[[float], float]) -> None:
    """As Python has them, and as one reads them."""
    formula = Formula.of(text)
    assert formula.inputs == ("x",)
    found = formula.values(np.array(X)[:, None])
    np.testing.assert_allclose(found, [same(x) for x in X], rtol=1e-12, atol=1e-15)


def test_two_inputs() -> None:
    """By x1 and x2, with or without a line below."""
    rows = np.array([[2.0, 3.0], [0.5, -1.0]])
    for text in ("x1^2 - x2", "x_1^2 - x_2"):
        formula = Formula.of(text)
        assert formula.inputs == ("x_1", "x_2")
        assert formula.values(rows).tolist() == [1.0, 1.25]
    assert Formula.of("2 x2").inputs == ("x_1", "x_2")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "something is missing at its end"),
        ("3 +", "something is missing at its end"),
        ("5", "it has no x"),
        ("x2 + x", "it has x beside x1 or x2, which are other inputs"),
        ("x 2", "a number stands before what it multiplies: '2' at letter 3"),
        ("2 3 x", "a sign is missing before '3' at letter 3"),
        ("sin x", "sin needs parentheses, as sin(x), at letter 1"),
        ("2 + sin(3 x", "a ) is missing for the ( at letter 8"),
        ("(x + 2 sin(x)", "a ) is missing for the ( at letter 1"),
        ("x)", "')' is not expected at letter 2"),
        ("* x", "a number, x, a function or ( is missing before '*' at letter 1"),
        ("x^^2", "a number, x, a function or ( is missing before '^' at letter 3"),
        ("sinn(x)", "unknown name 'sinn': did you mean 'sin'? at letter 1"),
        ("y = x + z", "unknown name 'z' at letter 9"),
        ("0,5 x", "',' is no part of a formula at letter 2"),
        ("1e999 x", "'1e999' is too large at letter 1"),
        ("__import__('os')", "'_' is no part of a formula at letter 1"),
        ("x.real", "'.' is no part of a formula at letter 2"),
        ("x if x else x", "unknown name 'if' at letter 3"),
        ("lambda: x", "':' is no part of a formula at letter 7"),
        ("(" * 21 + "x" + ")" * 21, "more than 20 levels within each other at letter 21"),
        ("-" * 21 + "x", "more than 20 levels within each other at letter 21"),
        ("x^" * 21 + "x", "more than 20 levels within each other at letter 42"),
    ],
)
def test_what_is_no_formula(text: str, what: str) -> None:
    """One line: what is wrong, and where."""
    with pytest.raises(UserError) as caught:
        Formula.of(text)
    assert str(caught.value) == f"data.formula must be a formula of x, got {text!r}: {what}"


def test_limits() -> None:
    """Of its length and its depth."""
    longest = "x" + "+x" * (LONGEST // 2 - 1) + " "
    assert Formula.of(longest).values(np.ones((1, 1))).tolist() == [LONGEST / 2]
    with pytest.raises(UserError, match=r"^data\.formula must be of at most 200 letters, got 201$"):
        Formula.of(longest + "x")
    assert Formula.of("(" * DEEPEST + "x" + ")" * DEEPEST).inputs == ("x",)


@settings(deadline=None, max_examples=300)
@given(st.text("x12+-*/^()sincoexp. =,_'\"[]{}$\\", max_size=40))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    """Nothing else happens, and a formula has a value of its own for every row."""
    try:
        formula = Formula.of(text)
    except UserError:
        return
    rows = np.array([[0.5] * 2, [2.0] * 2])
    assert formula.values(rows[:, : len(formula.inputs)]).shape == (2,)
