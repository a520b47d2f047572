"""What stands in the place of `auto`."""

import pytest
from lab import refused

from mlp_lab.config.recipe import CHOICES, Facts, settled
from mlp_lab.data.config import DataConfig
from mlp_lab.errors import UserError

SIZES = [5, 40, 300, 1_500, 4_999, 20_000, 10**6]


def facts(rows: int = 1000, numbers: int = 5) -> Facts:
    return Facts(rows, numbers, numbers + 2, classes=2)


@pytest.mark.parametrize("rows", SIZES)
def test_every_choice_is_possible(rows: int) -> None:
    """Of few and of many rows: no batch larger than all of them, no epoch too many."""
    found = {key: choose(facts(rows)) for key, choose in CHOICES.items()}
    batch, epochs, patience = (found[key] for key in ("batch_size", "epochs", "stop.patience"))
    assert isinstance(batch, int)
    assert isinstance(epochs, int)
    assert isinstance(patience, int)
    assert 1 <= batch <= rows
    assert 1 <= patience <= epochs
    assert isinstance(found["model.dropout"], float)
    assert 0 <= found["model.dropout"] < 1


def test_more_rows_need_fewer_passes() -> None:
    """And larger batches."""
    epochs = [CHOICES["epochs"](facts(rows)) for rows in SIZES]
    batches = [CHOICES["batch_size"](facts(rows)) for rows in SIZES]
    assert epochs == sorted(epochs, reverse=True)  # type: ignore[type-var]
    assert batches == sorted(batches)  # type: ignore[type-var]


def test_pixels_are_not_embedded() -> None:
    """Nor is anything else of which there are hundreds; of dozens, each gets less."""
    found = {n: CHOICES["model.embedding"](facts(numbers=n)) for n in (0, 8, 50, 51, 200, 784)}
    assert list(found.values()) == ["none", "both", "both", "piecewise", "piecewise", "none"]
    sizes = [CHOICES["model.embedding_size"](facts(numbers=n)) for n in (50, 51)]
    assert sizes == [8, 4]


VALUES: dict[str, object] = {
    "epochs": "auto",
    "batch_size": 16,
    "optimizer": {"name": "adam"},
    "model": {"bins": "auto", "activation": "relu"},
    "data": {"name": "iris"},
}


def any_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any data will do."""
    monkeypatch.setattr("mlp_lab.config.recipe.read", lambda *_: None)


def test_only_what_is_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest stays, and what was given is not changed."""
    any_rows(monkeypatch)
    found, (words,) = settled(VALUES, lambda _: facts(3000))
    assert found["batch_size"] == 16
    assert found["epochs"] == CHOICES["epochs"](facts(3000))
    assert found["model"] == {"bins": CHOICES["model.bins"](facts(3000)), "activation": "relu"}
    assert VALUES["epochs"] == "auto"
    assert words.startswith("chosen for 3,000 training rows, 5 numbers and 2 other columns: ")
    assert words.endswith(f"epochs={found['epochs']} model.bins=64")


def test_nothing_is_auto() -> None:
    """Then nobody looks at the rows."""

    def looked_at(data: DataConfig) -> Facts:
        raise AssertionError(data)

    plain = {"epochs": 3, "model": {"output": "auto"}, "loss": {"name": "auto"}}
    assert settled(plain, looked_at) == (plain, [])


def test_gradient_descent_takes_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is defined."""
    any_rows(monkeypatch)
    values = {**VALUES, "batch_size": "auto", "optimizer": {"name": "gd"}}
    assert settled(values, lambda _: facts())[0]["batch_size"] == "full"


def test_no_rows() -> None:
    """Where none are read, a number is needed."""
    with pytest.raises(UserError, match=r"^epochs=auto needs rows to choose by"):
        settled(VALUES, None)


def test_another_key() -> None:
    """Its type is refused as ever."""
    assert "model.depth must be a whole number" in refused("data=iris", "model.depth=auto")
