"""Plain values become dataclasses, or a line that names the key and the value."""

import math
from dataclasses import dataclass

import pytest
from lab import changed, values_of

from mlp_lab.config.reading import LARGEST_INT, convert, read, unknown_key
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError
from mlp_lab.network.optimizers import OPTIMIZERS, OptimizerConfig


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("seed", 1.0, "a whole number"),
        ("seed", True, "a whole number"),
        ("epochs", "ten", "a whole number or null"),
        ("batch_size", 1.5, "a whole number or text"),
        ("dtype", 32, "text"),
        ("quiet", 1, "true or false"),
        ("quiet", "no", "true or false"),
        ("model.width", "wide", "a whole number or a list"),
        ("model.width", [8, "x", 8], "a whole number"),
        ("model.activation", [1, 2, 3], "text"),
        ("model.dropout", "half", "a number or a list"),
        ("model.dropout", True, "a number or a list"),
        ("model.dropout", [0.1, "x", 0], "a number"),
        ("optimizer.lr", "fast", "a number"),
        ("optimizer.lr", None, "a number"),
        ("optimizer.amsgrad", "yes", "true or false"),
        ("stop.patience", 2.5, "a whole number or null"),
        ("data.train_rows", "all", "a whole number or null"),
        ("tracking.report", 0, "true or false"),
    ],
)
def test_a_value_of_another_type(key: str, value: object, wanted: str) -> None:
    """`<key> must be <a type in words>, got <value>`; in a list too."""
    with pytest.raises(UserError) as caught:
        read(Config, changed(values_of(), {key: value}), "")
    assert str(caught.value).startswith(f"{key} must be {wanted}, got ")


def test_a_whole_number_is_a_number() -> None:
    """1 for a learning rate is 1.0."""
    assert read(Config, changed(values_of(), {"optimizer.lr": 1}), "").optimizer.lr == 1.0


@dataclass
class Inner:
    """A group."""

    rate: float


@dataclass
class Outer:
    """A config with every kind of field."""

    inner: Inner
    widths: int | list[int]
    by_column: dict[str, list[str]]
    limit: float | None


WHOLE: dict[str, object] = {
    "inner": {"rate": 2},
    "widths": [3, 4],
    "by_column": {"zip": ["a"], 5: []},
    "limit": None,
}


def test_every_kind_of_field() -> None:
    """A name of a column is text, though YAML may take it for a number."""
    made = read(Outer, WHOLE, "")
    assert made == Outer(Inner(2.0), [3, 4], {"zip": ["a"], "5": []}, None)
    assert type(made.inner.rate) is float


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"inner": None}, "inner must be a group of settings (inner.rate), got null"),
        ({"inner": {"rate": "x"}}, "inner.rate must be a number, got 'x'"),
        ({"inner": {}}, "inner.rate is missing"),
        ({"inner": {"rate": 1.0, "rat": 1}}, "unknown key 'inner.rat': did you mean 'inner.rate'?"),
        ({"widths": [3, "4"]}, "widths must be a whole number, got '4'"),
        ({"widths": -1e300}, "widths must be a whole number or a list, got -1e+300"),
        ({"widths": 1e3}, "widths must be a whole number or a list, got 1000.0: write 1000"),
        ({"widths": 1.5}, "widths must be a whole number or a list, got 1.5"),
        ({"by_column": {"zip": [1]}}, "by_column.zip must be text, got 1"),
        ({"by_column": []}, "by_column must be a group of columns, got []"),
        ({"limit": math.inf}, "limit must be finite, got inf"),
        ({"limit": False}, "limit must be a number or null, got false"),
    ],
)
def test_what_a_field_is_not(change: dict[str, object], line: str) -> None:
    """The key is the whole path to what is wrong."""
    with pytest.raises(UserError) as caught:
        read(Outer, {**WHOLE, **change}, "")
    assert str(caught.value).startswith(line)
    assert len(str(caught.value)) < 200  # no number is written with hundreds of digits


@pytest.mark.parametrize("values", [None, [], "deep", 3])
def test_a_config_that_is_no_group(values: object) -> None:
    """As of an empty file."""
    with pytest.raises(UserError, match=r"^the config must be a group of settings"):
        read(Config, values, "")


def test_numbers_that_no_float_can_be() -> None:
    """Refused, where Python would overflow; just below, it is a float."""
    assert convert(float, LARGEST_INT - 1, "x") == 1e300
    for value in (LARGEST_INT, -LARGEST_INT):
        with pytest.raises(UserError, match=r"^x must be of at most 300 digits"):
            convert(float, value, "x")
        with pytest.raises(UserError, match=r"^x must be of at most 300 digits"):
            convert(int, value, "x")


def test_a_choice_is_made_by_its_name() -> None:
    """And only by one of the table."""
    values = values_of("optimizer=sgd")["optimizer"]
    assert type(read(OptimizerConfig, values, "optimizer")) is OPTIMIZERS["sgd"]
    for wrong in ({"name": "sdg"}, {}, {"name": None}, {"name": ["sgd"]}):
        with pytest.raises(UserError, match=r"^unknown optimizer "):
            read(OptimizerConfig, wrong, "optimizer")


def test_neighbours_of_a_key_that_does_not_exist() -> None:
    """Those that can be set: neither a choice's name nor Hydra."""
    error = unknown_key("a.b.rat", ["name", "rate", "hydra"])
    assert str(error) == "unknown key 'a.b.rat': did you mean 'a.b.rate'? (a.b has rate)"
    assert str(unknown_key("loss.x", ["name"])) == "unknown key 'loss.x' (loss has no settings)"
