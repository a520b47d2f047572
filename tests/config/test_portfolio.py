"""What the networks of a budget differ in."""

import pytest
from lab import refused, values_of

from mlp_lab.config.portfolio import APART, TOGETHER, changed, config_with, differs
from mlp_lab.config.schema import VARIABLE

WORDS = ("data=iris", "model=tabular")


@pytest.mark.parametrize("change", [*TOGETHER, *APART])
def test_every_change_fits(change: dict[str, float | str]) -> None:
    """Its keys may vary, and what comes of it is a configuration."""
    values = values_of(*WORDS)
    assert set(change) <= set(VARIABLE)
    found = changed(values, change, VARIABLE, rows=98)
    assert set(found) <= set(change)
    config_with(values, found)


def test_only_what_may_vary() -> None:
    """The rest is held as it is."""
    values, change = values_of(*WORDS), {"optimizer.lr": 0.5, "model.dropout": 0.5}
    assert changed(values, change, ["optimizer.lr"], rows=98) == {"optimizer.lr": 0.001}
    assert differs({}, [])
    assert not differs(change, ["model.bins"])


def test_bounds() -> None:
    """No batch of more than all rows, no unit less than one, and not all of them dropped."""
    values = values_of(*WORDS, model__dropout=[0.7, 0.1], model__width=1)
    change = {"batch_size": 9.0, "model.width": 0.5, "model.dropout": 1.5}
    found = changed(values, change, VARIABLE, rows=40)
    assert found == {"batch_size": 40, "model.dropout": [0.8, pytest.approx(0.15)]}


def test_refusals() -> None:
    """In one line, before any training."""
    assert refused("data=iris", "vary=[optimizer.lr]").startswith("vary=['optimizer.lr'] needs a")
    assert "unknown vary 'seed'" in refused("data=iris", "budget=3", "vary=[seed]")
    assert "validation rows" in refused("data=iris", "budget=3", "data.val_fraction=0")
    both = refused("data=iris", "budget=3", "stop.seconds=3")
    assert both.startswith("budget=3.0 and stop.seconds=3 both bound")
    assert "leave them out" in refused("data=iris", "budget=3", "tracking.histograms=1")
