"""A trace number by number: what each step says comes to its value, and stands where it belongs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from traces import network_of

from mlp_lab.trace.backprop import trace
from mlp_lab.trace.steps import BACKWARD, FORWARD, LOSS, Step, steps

NETWORKS = [
    (),
    ("x=[1,2]", "model.depth=2", "model.width=[3,2]", "model.activation=tanh", "seed=3"),
    ("x=-1.5", "t=0.25", "model.activation=sigmoid"),
    ("data=spirals", "model.width=3"),
    ("data=iris", "model.width=4", "model.activation=elu"),
]
FUNCTIONS = {
    **{name: getattr(torch, name) for name in ("exp", "tanh", "log", "sigmoid")},
    **{name: getattr(torch, f"{name}imum") for name in ("max", "min")},
}


def found(*words: str) -> list[Step]:
    """The steps of one row."""
    rows = 1 if any(word.startswith("data=") for word in words) else None
    return steps(trace(network_of(*words, rows=rows)))


def worked_out(product: str) -> float:
    """What numbers come to; a blank between two is a product."""
    tensors = re.sub(r"\d+\.?\d*(e-?\d+)?", lambda n: f"_({n.group()})", product)
    tensors = re.sub(r"(?<=\)) (?=[(_a-z])", " * ", tensors).replace("^", "**")
    made = {"_": lambda number: torch.tensor(number, dtype=torch.float64), **FUNCTIONS}
    return float(eval(tensors, {"__builtins__": {}}, made))  # noqa: S307  our own numbers


@pytest.mark.parametrize("words", NETWORKS)
def test_numbers_come_to_the_value(words: tuple[str, ...]) -> None:
    """Of every step that is written out, as far as its digits go."""
    written = [step for step in found(*words) if step.product]
    assert len(written) > 10
    for step in written:
        assert worked_out(step.product) == pytest.approx(step.value, rel=2e-3, abs=1e-3), step


def test_every_number_has_its_place() -> None:
    """First forward, then backward; a weight's edge leads from a unit of the layer before."""
    own = found("x=[1,2]", "model.width=3")
    assert [step.phase for step in own] == [FORWARD] * 9 + [BACKWARD] * 21
    by_name = {step.name: step for step in own}
    edge = by_name["dL/dtheta_23"]
    assert (edge.layer, edge.unit, edge.source) == (1, 2, 1)
    assert (by_name["h_1[2]"].layer, by_name["h_1[2]"].unit) == (1, 1)
    assert (by_name["dL/dphi_0"].layer, by_name["dL/dphi_0"].source) == (2, None)
    assert by_name["L"].unit == LOSS
    assert by_name["dL/dh_1[1]"].layer == 1


@pytest.mark.parametrize(
    "words",
    [
        ("data=spirals", "model.width=3", "model.activation=swiglu"),
        ("data=spirals", "model.depth=2", "model.activation=swiglu", "model.residual=true"),
        ("data=spirals", "model.depth=2", "model.width=3", "model.normalisation=batch"),
        ("data=spirals", "model.depth=2", "model.width=3", "model.normalisation=layer"),
        ("data=spirals", "model.depth=2", "model.width=3", "model.residual=true"),
        ("data=diabetes", "model=deep", "model.depth=1", "model.embedding=piecewise"),
    ],
)
def test_layers_that_the_course_does_not_have(words: tuple[str, ...]) -> None:
    """Each number has the formula of its tensor; units stay within their layers."""
    network = network_of(*words, rows=1)
    own = steps(trace(network))
    assert all(step.formula for step in own)
    for step in own:
        assert LOSS <= step.unit < network.sizes[step.layer]
        assert not re.search(r"[a-z]_\d", step.product), step


def test_a_long_sum_is_cut() -> None:
    """And says by how much."""
    first = found("data=digits", "model.width=2")[0]
    assert first.product.endswith("… 52 more")


def test_categories_belong_to_no_unit(tmp_path: Path) -> None:
    """However many columns there are, and whatever number each has."""
    table = tmp_path / "t.csv"
    rows = (f"{'uvw'[i % 3]},{'pqr'[i // 3 % 3]},{'abc'[i // 9 % 3]},{i % 5}.5" for i in range(54))
    table.write_text("\n".join(["c,d,e,y", *rows]))
    words = ("data=table", f"data.path={table}", "data.target=y", "model=shallow")
    network = network_of(*words, "model.category_size=2", "model.width=3", rows=1)
    own = [step for step in steps(trace(network)) if "category" in step.name]
    assert {step.name.partition("[")[0] for step in own} >= {"dL/dcategory_0", "dL/dcategory_2"}
    assert {(step.layer, step.unit, step.source) for step in own} == {(0, LOSS, None)}


def test_ordered_classes_are_one_more_than_units() -> None:
    """The last one has no unit to stand at."""
    network = network_of("model.output=ordinal", "loss=ordinal")
    own = steps(trace(network))
    assert all(step.unit < network.sizes[step.layer] for step in own)
    assert [step.unit for step in own if step.name.startswith("y[")] == [0, 1, LOSS]


def test_a_row_has_one_weight() -> None:
    """Which the slope of every class is written with."""
    network = network_of("data=iris", "model.width=4", rows=1)
    weighted = replace(network, weights=torch.tensor([2.0], dtype=torch.float64))
    slopes = [step for step in steps(trace(weighted)) if step.name.startswith("dL/dy")]
    assert len(slopes) == 3
    for step in slopes:
        assert worked_out(step.product) == pytest.approx(step.value, rel=2e-3, abs=1e-3)
