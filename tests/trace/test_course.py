"""Single numbers as the course writes them, with what each line says worked out again."""

import re

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from traces import traced

from mlp_lab.trace.course import (
    cross_entropy_equations,
    forward_equations,
    gradient_equations,
    sections,
)
from mlp_lab.trace.latex import latex
from mlp_lab.trace.names import course_names
from mlp_lab.trace.quantities import Trace
from mlp_lab.trace.text import WIDTH, markdown, text

NETWORKS = [
    (),
    ("x=-1.5", "t=0.25"),
    ("theta_12=0.7", "phi_2=3.1", "theta_01=-0.2"),
    ("x=0",),
    ("model.width=3", "x=[1,2]", "model.activation=tanh"),
    ("model.depth=2",),
    ("model.depth=2", "model.width=[3,2]", "x=[0.5,2]", "model.activation=elu", "seed=3"),
    ("model.depth=2", "model.width=[2,1]", "model.activation=sigmoid"),
]
FUNCTIONS = {
    **{name: getattr(torch, name) for name in ("exp", "tanh")},
    **{name: getattr(torch, f"{name}imum") for name in ("min", "max")},
}


def worked_out(product: str) -> float:
    """What a line's numbers come to."""
    tensors = re.sub(r"-?\d+\.?\d*(e-?\d+)?", lambda n: f"_({n.group()})", product)
    tensors = re.sub(r"(?<=[\d)]) ?_", " + _", tensors)
    made = {"_": lambda number: torch.tensor(number, dtype=torch.float64), **FUNCTIONS}
    return float(eval(tensors, {"__builtins__": {}}, made))  # noqa: S307  our own numbers


def every_equation(trace: Trace) -> list[tuple[str, str, str, float]]:
    """Of both passes."""
    groups = [*forward_equations(trace), *gradient_equations(trace)]
    return [(e.name, e.words, e.product, e.value) for group in groups for e in group]


@pytest.mark.parametrize("words", NETWORKS)
def test_numbers_are_the_value(words: tuple[str, ...]) -> None:
    """What a line says with numbers comes to its value, as far as its digits go."""
    found = traced(*words)
    for name, _, product, value in every_equation(found):
        assert worked_out(product) == pytest.approx(value, rel=2e-3, abs=1e-3), name


@pytest.mark.parametrize("words", NETWORKS)
def test_words_are_the_numbers(words: tuple[str, ...]) -> None:
    """The formula comes to the same with the values that its names have."""
    found = traced(*words)
    values = {
        name: float(found.value(tensor)[row, column])
        for name, (tensor, row, column) in course_names(found.network.sizes).items()
    }
    values["dy"] = float(found.value("y") - found.network.t)
    x = found.network.x[0].tolist()
    values |= {f"x_{i + 1}" if len(x) > 1 else "x": value for i, value in enumerate(x)}
    for k, slope in enumerate(found.slopes):
        for j, value in enumerate(slope[0].tolist()):
            values[f"a'(f{chr(39) * k}_{j + 1})"] = value
            values[f"f{chr(39) * k}_{j + 1}"] = float(found.value(f"f_{k}")[0, j])
            values[f"h{chr(39) * k}_{j + 1}"] = float(found.value(f"h_{k + 1}")[0, j])
    symbol = "|".join(re.escape(name) for name in sorted(values, key=len, reverse=True))
    pattern = re.compile(rf"(?<![a-z]){symbol}")
    for group in [*forward_equations(found), *gradient_equations(found)]:
        for equation in group:
            if equation.name[0] == "h":
                continue
            numbers = pattern.sub(lambda name: f"({values[name.group()]!r})", equation.words)
            numbers = numbers.replace(" + ", "+").replace(" ", "*")
            value = eval(numbers, {"__builtins__": {}})  # noqa: S307  our own numbers
            assert value == pytest.approx(equation.value, abs=1e-9), equation


@pytest.mark.parametrize("words", NETWORKS)
def test_every_parameter_has_its_line(words: tuple[str, ...]) -> None:
    """And the terminal's lines fit."""
    found = traced(*words)
    listed = [equation.name for group in gradient_equations(found) for equation in group]
    assert sorted(listed) == sorted(f"dL/d{name}" for name in course_names(found.network.sizes))
    assert max(map(len, text(found, 6))) <= WIDTH


def test_formulas_of_two_layers() -> None:
    """A sum over the ways through the second layer."""
    found = traced("model.depth=2", "psi_11=3")
    formulas = {name: words for name, words, *_ in every_equation(found)}
    ways = "(phi_1 a'(f'_1) psi_11 + phi_2 a'(f'_2) psi_12)"
    assert formulas["dL/dtheta_11"] == f"2 dy {ways} a'(f_1) x"
    assert formulas["dL/dpsi_21"] == "2 dy phi_1 a'(f'_1) h_2"
    assert formulas["f'_1"] == "psi_01 + psi_11 h_1 + psi_21 h_2"
    assert float(found.value("Omega_1")[0, 0]) == 3


@pytest.mark.parametrize(
    "words", [("loss=mae",), ("x=[[1],[2]]",), ("model.depth=3",), ("model.output=sigmoid",)]
)
def test_what_is_not_written_out(words: tuple[str, ...]) -> None:
    """Other losses and outputs, several rows, more layers."""
    assert not sections(traced(*words))


def test_what_is_cut_is_said() -> None:
    """In every text."""
    found = traced("model.width=8")
    assert "    … 2 more of 8" in text(found, 6)
    assert "| … 2 more of 8 | | | |" in markdown(found, 6)
    assert r"\ldots{} 2 more of 8" in latex(found, 6)


def test_both_forms_of_the_cross_entropy() -> None:
    """They are one number, which is torch's, whichever way torch is told the class."""
    found = traced("loss=cce", "x=[[1],[2]]", "t=[[1,0,0],[0,1,0]]")
    f, t = found.value("f_1"), found.network.t
    by_share = F.cross_entropy(f, t, reduction="none")
    by_class = F.cross_entropy(f, t.argmax(1), reduction="none")
    groups = cross_entropy_equations(found)
    for (whole, single), share, own in zip(groups, by_share, by_class, strict=True):
        assert whole.value == pytest.approx(single.value, abs=1e-12)
        assert whole.value == pytest.approx(float(share), abs=1e-12)
        assert single.value == pytest.approx(float(own), abs=1e-12)
    assert groups[1][0].words == "-t_1 log(y_1) - t_2 log(y_2) - t_3 log(y_3)"
    assert groups[1][1].words == "-log(y_2)"
    assert r"-\log (y_{2})" in latex(found, 6)


@pytest.mark.parametrize("words", [("t=[0.5,0.5]",), ("loss.label_smoothing=0.1",)])
def test_one_form_where_classes_are_shared(words: tuple[str, ...]) -> None:
    """Then the second form is none."""
    assert not cross_entropy_equations(traced("loss=cce", *words))
