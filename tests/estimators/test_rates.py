"""Learning rates that are tried for a short time."""

import math

import pytest

import mlp_lab
from mlp_lab.errors import UserError
from mlp_lab.estimators.rates import GRID, Rates

SMALL = ("model.depth=1", "model.width=4")


@pytest.fixture(scope="module")
def found() -> Rates:
    """Three rates: too low, good, and too high for any loss to stay finite."""
    return mlp_lab.rates("iris", *SMALL, grid=[1e-5, 0.1, 1e30], epochs=4, optimizer="sgd")


def test_each_rate_is_the_training_that_it_would_be_alone(found: Rates) -> None:
    """The copies share nothing but their first weights and their batches."""
    for place, lr in enumerate((1e-5, 0.1)):
        alone = mlp_lab.train("iris", *SMALL, lr=lr, epochs=4, optimizer="sgd").curves.iloc[-1]
        row = found.table.iloc[place]
        assert row["train_loss"] == pytest.approx(alone["train_loss"], rel=1e-4)
        assert row["val_loss"] == pytest.approx(alone["val_loss"], rel=1e-4)


def test_the_best_is_of_the_lowest_validation_loss(found: Rates) -> None:
    """A diverged training has none."""
    assert found.best == 0.1
    assert found.table["val_loss"].argmin() == 1
    assert math.isnan(found.table["train_loss"].iloc[2])
    assert found.table["status"].iloc[2].startswith("diverged in epoch 1")
    assert found.conclusion == (
        "suggested learning rate: 0.1, of the lowest validation loss after 4 epochs. The next"
        " higher rate diverged"
    )
    assert found.conclusion in repr(found)
    assert "<table" in found._repr_html_()
    axes = found.plot()
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "learning rate")


def test_without_validation_rows_and_at_an_end_of_the_grid() -> None:
    """The training loss decides, and more of the grid may be better."""
    ends = mlp_lab.rates("iris", *SMALL, grid=[1e-4, 1e-3], epochs=1, val_fraction=0.0)
    assert list(ends.table) == ["train_loss", "status"]
    assert ends.conclusion.endswith("It is an end of the grid: higher rates may be better")
    assert "lowest training loss after 1 epoch" in ends.conclusion


def test_rates_that_are_as_good() -> None:
    """Neighbours within 5 % of the lowest loss."""
    close = mlp_lab.rates("iris", *SMALL, grid=[1e-9, 2e-9, 3e-9], epochs=1)
    assert close.similar == [1e-9, 2e-9, 3e-9]
    assert "within 5% of it lie 1e-09 to 3e-09" in close.conclusion


def test_where_every_training_diverges() -> None:
    """Nothing is suggested, and the picture still drawn."""
    none = mlp_lab.rates("diabetes", *SMALL, grid=[1e20, 1e25], epochs=1, optimizer="sgd")
    assert (none.best, none.similar) == (None, [])
    assert none.conclusion.startswith("every training diverged")
    assert none.plot().get_ylabel() == "loss after 1 epoch"


@pytest.mark.parametrize("grid", [[0.1], [0.1, 0.1], [0.0, 0.1], [0.1, math.inf], [0.1, math.nan]])
def test_grids_that_cannot_be(grid: list[float]) -> None:
    with pytest.raises(UserError, match="grid must be two or more positive rates, ascending"):
        mlp_lab.rates("iris", *SMALL, grid=grid)


def test_the_rate_itself_is_not_set() -> None:
    with pytest.raises(UserError, match="lr is what is searched for"):
        mlp_lab.rates("iris", lr=0.1)
    assert list(GRID) == sorted(GRID)


@pytest.mark.parametrize("word", ["devices=2", "budget=5s"])
def test_what_is_of_one_run_alone(word: str) -> None:
    with pytest.raises(UserError, match=f"^{word} "):
        mlp_lab.rates("iris", *SMALL, word)
