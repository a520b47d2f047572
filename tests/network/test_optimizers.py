"""Settings of the optimizers: what they refuse, keep and bind."""

from collections.abc import Sequence
from functools import partial

import pytest
from stacks import OWN_NUMBERS, optimizer

from mlp_lab.errors import UserError
from mlp_lab.network import update_rules
from mlp_lab.network.optimizers import OPTIMIZERS, AdamConfig
from mlp_lab.network.update_rules import Number


def first(values: Sequence[float]) -> Number:
    """The first member's number, for all."""
    return values[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_is_bound_to_every_number_of_its_own(name: str) -> None:
    """All keywords but the rate and the step; what is no keyword says how much is kept."""
    config = optimizer(name)
    rule = type(config).update_rule([config], first)
    assert isinstance(rule, partial)
    elsewhere = {"initial_accumulator", "amsgrad", "centered"}
    assert rule.keywords.keys() == OWN_NUMBERS[name].keys() - elsewhere


def test_each_member_s_number_is_spread() -> None:
    """In the members' order, decay rates as 1 - beta and log beta."""
    seen: list[list[float]] = []

    def spread(values: Sequence[float]) -> Number:
        seen.append(list(values))
        return 0.0

    one, other = optimizer("adam", beta1=0.5, eps=1e-3), optimizer("adam", beta1=0.75)
    assert isinstance(one, AdamConfig)
    assert isinstance(other, AdamConfig)
    AdamConfig.update_rule([one, other], spread)
    assert [0.5, 0.25] in seen
    assert [1e-3, 1e-8] in seen


@pytest.mark.parametrize(
    ("name", "switches", "moments"),
    [
        ("gd", {}, 0),
        ("sgd", {}, 0),
        ("momentum", {}, 1),
        ("heavy_ball", {}, 1),
        ("nesterov", {}, 1),
        ("adagrad", {}, 1),
        ("adadelta", {}, 2),
        ("rmsprop", {}, 2),
        ("rmsprop", {"centered": True}, 3),
        ("adam", {}, 2),
        ("adam", {"amsgrad": True}, 3),
        ("adamw", {"amsgrad": True}, 3),
    ],
)
def test_how_many_moments_are_kept(name: str, switches: dict[str, bool], moments: int) -> None:
    """A switch may ask for one more."""
    assert optimizer(name, **switches).moments == moments


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("sgd", "lr", 0.0),
        ("sgd", "lr", float("inf")),
        ("sgd", "weight_decay", -1.0),
        ("sgd", "clip_norm", 0.0),
        ("momentum", "alpha", 1.0),
        ("adam", "beta2", 1.0),
        ("adam", "eps", 1e-40),
        ("adagrad", "lr_decay", -0.1),
    ],
)
def test_refusals_name_the_key(name: str, key: str, value: float) -> None:
    """A value out of its range."""
    with pytest.raises(UserError, match=f"^optimizer.{key} must be"):
        optimizer(name, **{key: value})


def test_only_adamw_decays_apart_from_its_gradient() -> None:
    """And only AdaGrad starts from something."""
    assert {name for name in OPTIMIZERS if optimizer(name).rule.decoupled_decay} == {"adamw"}
    assert {name for name in OPTIMIZERS if optimizer(name).initial_moment} == {"adagrad"}
    assert update_rules.adam.__doc__ is not None
