"""Parts of one's own: registered, used by name, and held against autograd."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import mlp_lab
from mlp_lab.errors import UserError
from mlp_lab.metrics import own_metrics
from mlp_lab.network import activations, losses, optimizers, own_parts


@pytest.fixture(autouse=True)
def _tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As they were, once the test has ended."""
    tables: list[Any] = [
        activations.ACTIVATIONS,
        losses.LOSSES,
        losses.LOSS_CONFIGS,
        losses.COMPATIBLE_LOSSES["regression"],
        optimizers.OPTIMIZERS,
        optimizers.OTHER_CHECKS,
    ]
    tables += [*own_metrics.OWN_METRICS.values(), *own_parts.OWN_CHOICES.values()]
    before = [dict(table) for table in tables]
    yield
    for table, content in zip(tables, before, strict=True):
        table.clear()
        table.update(content)
    own_parts.OWN.clear()
    own_parts.UNCHECKED.clear()


ANY: Any = abs
NONE: Any = None
ONE: Any = 1
"""A function that nobody calls."""


def sine() -> None:
    mlp_lab.register_activation("sine", lambda f: f.sin(), lambda f, h: f.cos())


def momentum_of_signs(p: Tensor, g: Tensor, m: Tensor, *, lr: float, t: float, kept: float) -> None:
    m.mul_(kept).add_((1 - kept) * g)
    p.sub_(lr * m.sign())


@pytest.mark.parametrize("gradient", ["explicit", "autograd"])
def test_an_activation(gradient: str) -> None:
    sine()
    run = mlp_lab.train("sine", activation="sine", epochs=3, gradient=gradient)
    assert "Elementwise(sine)" in str(run.network)
    both = mlp_lab.sweep("sine", activation="sine", width=[3, 8], depth=1, epochs=2)
    assert both.jobs["train_loss"].notna().all()


def test_padded_units_of_any_activation_stay_zero() -> None:
    """a(0) is 1: a narrow network in a wide stack is what it is alone."""
    mlp_lab.register_activation("cosine", lambda f: f.cos(), lambda f, h: -f.sin())
    settings: dict[str, Any] = {"activation": "cosine", "depth": 2, "epochs": 2, "dtype": "float64"}
    stack = mlp_lab.sweep("sine", width=[3, 8], **settings)
    alone = mlp_lab.train("sine", width=3, **settings)
    assert (alone.curves - stack[0].curves).drop(columns="seconds").abs().max().max() < 1e-9


def test_a_loss_and_an_optimizer() -> None:
    mlp_lab.register_loss(
        "quartic",
        lambda y, t: (y - t).pow(4).mean(-1),
        lambda y, t: 4 * (y - t).pow(3) / y.shape[-1],
    )
    mlp_lab.register_optimizer("signs", momentum_of_signs, moments=1, lr=0.002, kept=0.8)
    run = mlp_lab.train("diabetes", loss="quartic", optimizer="signs", epochs=3)
    assert run.settings["optimizer"] == {
        "name": "signs",
        "lr": 0.002,
        "weight_decay": 0.0,
        "l1": 0.0,
        "clip_norm": None,
        "kept": 0.8,
    }
    other = mlp_lab.train("diabetes", "optimizer.kept=0.5", optimizer="signs", epochs=5)
    falling = other.curves["train_loss"]
    assert falling.iloc[-1] < 0.7 * falling.iloc[0]


def test_a_metric() -> None:
    mlp_lab.register_metric("confident", lambda truth, p: float(p.max(1).mean()))
    run = mlp_lab.train("iris", epochs=1)
    assert (run.scores["confident"] > 1 / 3).all()
    mlp_lab.register_metric("broken", lambda truth, p: 1 / 0)
    with pytest.raises(UserError, match="metric 'broken': ZeroDivisionError"):
        _ = mlp_lab.train("iris", epochs=1).scores


@pytest.mark.parametrize(
    ("value", "slope", "said"),
    [
        (torch.sin, lambda f, h: 1.01 * f.cos(), "its slope is .* where autograd has"),
        (torch.sin, lambda f, h: f.cos().sum(1), r"its slope must have shape \(64, 4\)"),
        (lambda f: f.sum(1), lambda f, h: f, r"its value must have shape \(64, 4\)"),
    ],
)
def test_a_wrong_slope_is_refused(
    value: Callable[[Tensor], Tensor], slope: Callable[[Tensor, Tensor], Tensor], said: str
) -> None:
    mlp_lab.register_activation("wrong", value, slope)
    for _ in range(2):
        with pytest.raises(UserError, match=f"activation 'wrong': {said}"):
            mlp_lab.train("iris", activation="wrong", epochs=1)


def test_a_wrong_rule_is_refused() -> None:
    def drifts(p: Tensor, g: Tensor, *, lr: float, t: float) -> None:
        p.sub_(lr)

    def rests(p: Tensor, g: Tensor, *, lr: float, t: float) -> None:
        p = p - lr * g

    for rule, said in (
        (drifts, "must leave a zero parameter of zero gradient at zero"),
        (rests, "changes no parameter"),
        (lambda p: None, "cannot be called as a rule"),
    ):
        mlp_lab.register_optimizer("own", rule)
        with pytest.raises(UserError, match=f"optimizer 'own' {said}"):
            mlp_lab.train("iris", optimizer="own", epochs=1)


@pytest.mark.parametrize(
    ("register", "said"),
    [
        (lambda: mlp_lab.register_activation("relu", ANY, ANY), "'relu' is there already"),
        (lambda: mlp_lab.register_activation("a b", ANY, ANY), "name must be a plain word"),
        (lambda: mlp_lab.register_loss("l", ANY, ANY, task="x"), "unknown task 'x'"),
        (lambda: mlp_lab.register_loss("l", ANY, ANY, outputs=["x"]), "unknown output 'x'"),
        (lambda: mlp_lab.register_optimizer("adam", ANY), "'adam' is there already"),
        (lambda: mlp_lab.register_metric("accuracy", ANY), "'accuracy' is there already"),
        (lambda: mlp_lab.register_activation("a", ONE, ANY), "value must be a function, got 1"),
        (lambda: mlp_lab.register_loss("l", ANY, NONE), "slope must be a function, got"),
        (lambda: mlp_lab.register_optimizer("o", ONE), "rule must be a function, got 1"),
        (lambda: mlp_lab.register_metric("m", ONE), "metric must be a function, got 1"),
    ],
)
def test_what_cannot_be(register: Callable[[], None], said: str) -> None:
    with pytest.raises(UserError, match=said):
        register()


def test_a_cell_may_be_run_again() -> None:
    sine()
    sine()
