"""Learning rates that were too low or too high bound the next one."""

from pathlib import Path

import pytest
from lab import configure

from mlp_lab.verdict.history import Earlier
from mlp_lab.verdict.rates import Rates, usual_rate

NONE: dict[str, object] = {"rule": "", "words": "", "numbers": {}, "since": None, "next": ""}


def ended(kind: str, *words: str, note: str = "") -> Earlier:
    """A run whose verdict was this."""
    notes = [{**NONE, "kind": note}] if note else []
    return Earlier(Path("run"), words, {"verdict": {**NONE, "kind": kind, "notes": notes}})


def test_what_other_runs_have_shown() -> None:
    """By the rate as typed, or the optimizer's own; another optimizer's says nothing."""
    low = "learning rate too low"
    tried = [
        ended("unstable", "optimizer.lr=0.3"),
        ended("diverged", "optimizer.lr=5e-2"),
        ended("underfit", "data=sine", note=low),
        ended("not converged", "optimizer.lr=1e-5", note=low),
        ended("unstable", "optimizer=sgd", "optimizer.lr=1e-4"),
        ended("unstable", "optimizer.lr=auto"),
        ended("underfit", "experiment=x", "optimizer=sgd", note=low),
    ]
    assert usual_rate(configure()) == 0.001
    assert Rates.of(configure(), tried) == Rates(0.001, 0.05)
    assert Rates.of(configure(), [])._bounded("optimizer.lr=7", 0.1) == "optimizer.lr=7"


@pytest.mark.parametrize(
    ("own", "wanted", "given"),
    [
        (0.001, 0.01, 0.01),
        (0.001, 0.1, 0.01),
        (0.05, 0.5, 0.05),
        (0.1, 0.02, 0.02),
        (0.0016, 0.0001, 0.0004),
        (0.0002, 0.00004, 0.0002),
    ],
)
def test_a_rate_does_not_go_back_to_what_was_left(own: float, wanted: float, given: float) -> None:
    """The middle is tried; where the two are near, nothing."""
    rates = Rates(too_low=0.0001, too_high=0.1)
    assert rates.bounded([f"optimizer.lr={wanted:g}"], own) == [f"optimizer.lr={given:g}"]
