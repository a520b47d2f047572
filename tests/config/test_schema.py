"""Rules that every setting obeys, found by introspection of the config classes."""

import math
import types
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Union, cast, get_args, get_origin, get_type_hints

import pytest
from lab import Plain, changed, values_of

from mlp_lab.config.reading import NAMES, read
from mlp_lab.config.schema import CHOICES, Config
from mlp_lab.errors import UserError
from mlp_lab.formatting import shown

MAY_BE_INFINITE = ("optimizer.clip_norm", "stop.min_delta", "stop.weights_tol", "stop.seconds")
"""An infinite limit is none."""


@dataclass(frozen=True)
class Leaf:
    """A field that holds a value: its key, its type hint, and the choice of its group."""

    key: str
    hint: object
    choice: str = ""

    @property
    def id(self) -> str:
        """`optimizer.lr (adam)`."""
        return f"{self.key} ({self.choice})" if self.choice else self.key

    @property
    def values(self) -> Plain:
        """The config in which the choice is made."""
        chosen = (f"{self.key.partition('.')[0]}={self.choice}",) if self.choice else ()
        return values_of(*chosen, batch_size="full")

    @property
    def kinds(self) -> set[object]:
        """The types that it may hold; a list counts as what it holds."""
        union = get_origin(self.hint) in (Union, types.UnionType)
        options = get_args(self.hint) if union else (self.hint,)
        return {get_args(kind)[0] if get_origin(kind) is list else kind for kind in options}


def leaves_of(kind: type, prefix: str = "", choice: str = "") -> Iterator[Leaf]:
    """Every field, with one choice for each class of a group."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint, key = hints[field.name], f"{prefix}{field.name}"
        if hint in CHOICES:
            distinct = {chosen: name for name, chosen in CHOICES[cast(type, hint)].items()}
            for chosen, name in distinct.items():
                yield from leaves_of(chosen, f"{key}.", name)
        elif isinstance(hint, type) and is_dataclass(hint):
            yield from leaves_of(hint, f"{key}.")
        elif not (choice and field.name == "name"):
            yield Leaf(key, hint, choice)


LEAVES = list(leaves_of(Config))
FLOATS = [leaf for leaf in LEAVES if float in leaf.kinds]
each_leaf = pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.id)


def refusal(leaf: Leaf, value: object) -> str:
    """What is said of a value."""
    with pytest.raises(UserError) as error:
        read(Config, changed(leaf.values, {leaf.key: value}), "")
    return str(error.value)


def test_introspection_finds_settings() -> None:
    """Of every kind."""
    keys = {leaf.key for leaf in LEAVES}
    assert {"seed", "model.width", "data.turns", "optimizer.beta2", "stop.seconds"} <= keys
    assert len(LEAVES) > 100


@each_leaf
def test_its_default_is_written_in_yaml_and_needed(leaf: Leaf) -> None:
    """No default hides in Python: a YAML file of one's own that forgets it is told so."""
    values = leaf.values
    section: Plain = values
    *path, last = leaf.key.split(".")
    for name in path:
        section = cast(Plain, section[name])
    del section[last]
    with pytest.raises(UserError) as error:
        read(Config, values, "")
    assert str(error.value) == f"{leaf.key} is missing from the config"


@each_leaf
def test_it_refuses_other_types(leaf: Leaf) -> None:
    """In one line with the key and the value."""
    wrong: list[object] = [{1: {}}, [[{}]]]
    others = (True, "text", None) if leaf.key in NAMES else (True, "text", None, 2.5)
    wrong += [value for value in others if type(value) not in leaf.kinds]  # a name may be 2020
    for value in wrong:
        message = refusal(leaf, value)
        assert message.startswith((f"{leaf.key} must be ", f"{leaf.key}.1 must be "))
        assert message.endswith((f", got {shown(value)}", ", got [{}]", ", got {}"))  # an entry
        assert "\n" not in message


@pytest.mark.parametrize("leaf", FLOATS, ids=lambda leaf: leaf.id)
def test_it_refuses_not_a_number(leaf: Leaf) -> None:
    """NaN is in no range."""
    assert refusal(leaf, math.nan).startswith(f"{leaf.key} must be ")


@pytest.mark.parametrize(
    "leaf",
    {leaf.key: leaf for leaf in FLOATS if leaf.key not in MAY_BE_INFINITE}.values(),
    ids=lambda leaf: leaf.key,
)
def test_it_refuses_infinity(leaf: Leaf) -> None:
    """It would end as a diverged run, or as rows that are no numbers."""
    assert refusal(leaf, math.inf).startswith(f"{leaf.key} must be ")


def refused_values(values: Plain) -> str:
    """The line that a plain config is refused with."""
    with pytest.raises(UserError) as caught:
        read(Config, values, "")
    line = str(caught.value)
    assert len(line.splitlines()) == 1, line
    return line


def test_batch_normalisation_needs_two_rows() -> None:
    """One has no variance."""
    values = changed(values_of("model=deep"), {"model.normalisation": "batch", "batch_size": 1})
    assert refused_values(values).startswith("batch_size must be 2 or more, or 'full', with model")


@pytest.mark.parametrize("key", ["weight_decay", "l1"])
def test_penalties_of_each_layer(key: str) -> None:
    """One for every Omega, the output's last."""
    values = values_of("model=shallow")
    read(Config, changed(values, {f"optimizer.{key}": [0.1, 0.0]}), "")
    line = refused_values(changed(values, {f"optimizer.{key}": [0.1, 0.2, 0.3]}))
    assert line.startswith(f"optimizer.{key} lists 3 layers, [0.1, 0.2, 0.3], but model.depth is 1")


OUT_OF_RANGE: list[tuple[str, object, str]] = [
    ("seed", -1, "0 or more"),
    ("epochs", 0, "1 or more"),
    ("batch_size", 0, "1 or more, or 'full'"),
    ("batch_size", "half", "a number or 'full'"),
    ("threads", 0, "1 or more"),
    ("devices", 0, "1 or more"),
    ("budget", -1.0, "positive seconds, or a number with its unit, as 60s, 5m or 1h"),
    ("ensemble", 0, "1 or more"),
    ("model.embedding_size", 0, "1 or more"),
    ("model.bins", 0, "1 or more"),
    ("model.frequencies", 0, "1 or more"),
    ("model.frequency_scale", 0.0, "in (0, 1e6]"),
    ("model.category_size", -1, "0 or more"),
    ("model.depth", -1, "from 0 to 100,000"),
    ("model.depth", 10**20, "from 0 to 100,000"),
    ("model.width", 0, "1 or more"),
    ("model.width", [8, 0, 8], "1 or more"),
    ("model.dropout", 1.0, "in [0, 1)"),
    ("model.dropout", -0.1, "in [0, 1)"),
    ("model.dropout", [0.5, 1.0, 0.0], "in [0, 1)"),
    ("data.test_fraction", 1.0, "in [0, 1)"),
    ("data.val_fraction", -0.1, "in [0, 1)"),
    ("data.folds", 1, "2 or more, or null"),
    ("data.fold", -1, "0 or more"),
    ("data.repeat", -1, "0 or more"),
    ("data.split_seed", -1, "0 or more"),
    ("data.train_rows", 0, "1 or more, or null"),
    ("data.label_noise", -0.1, "0 or more"),
    ("data.quantiles", 1, "2 or more"),
    ("data.quantiles", 10_001, "at most 10,000"),
    ("data.quantile_noise", 1.5, "in [0, 1]"),
    ("loss.label_smoothing", 1.0, "in [0, 1)"),
    ("optimizer.lr", 0.0, "positive"),
    ("optimizer.lr", -0.1, "positive"),
    ("optimizer.lr", math.inf, "finite"),
    ("optimizer.lr", math.nan, "finite"),
    ("optimizer.weight_decay", -1.0, "in [0, 1e30]"),
    ("optimizer.weight_decay", [0.1, -1.0], "in [0, 1e30]"),
    ("optimizer.l1", -0.1, "in [0, 1e30]"),
    ("optimizer.clip_norm", 0.0, "in (0, 1e30], or null"),
    ("optimizer.beta1", 1.0, "in [0, 1)"),
    ("optimizer.beta2", -0.1, "in [0, 1)"),
    ("optimizer.eps", 0.0, "1e-37 or more"),
    ("averaging.decay", 1.0, "in (0, 1)"),
    ("averaging.start", 1.0, "in [0, 1)"),
    ("stop.patience", 0, "positive or null"),
    ("stop.min_delta", -1.0, "0 or more"),
    ("stop.weights_tol", 0.0, "positive or null"),
    ("stop.seconds", 0.0, "positive or null"),
    ("tracking.histograms", -1, "0 or more"),
    ("tracking.checkpoint_share", 1.5, "in [0, 1]"),
    ("tracking.checkpoint_share", -0.5, "in [0, 1]"),
]
"""Every numeric field of the composed defaults."""


OUT_OF_RANGE_ELSEWHERE: list[tuple[str, str, object, str]] = [
    ("optimizer=momentum", "optimizer.alpha", 1.0, "in [0, 1)"),
    ("optimizer=heavy_ball", "optimizer.momentum", 1.0, "in [0, 1)"),
    ("optimizer=nesterov", "optimizer.momentum", -0.1, "in [0, 1)"),
    ("optimizer=adagrad", "optimizer.lr_decay", -0.1, "0 or more"),
    ("optimizer=adagrad", "optimizer.initial_accumulator", -0.1, "0 or more"),
    ("optimizer=adagrad", "optimizer.eps", 0.0, "1e-37 or more"),
    ("optimizer=adadelta", "optimizer.rho", 1.0, "in [0, 1)"),
    ("optimizer=adadelta", "optimizer.eps", -1.0, "1e-37 or more"),
    ("optimizer=rmsprop", "optimizer.rho", 1.0, "in [0, 1)"),
    ("optimizer=rmsprop", "optimizer.momentum", 1.0, "in [0, 1)"),
    ("optimizer=rmsprop", "optimizer.eps", 0.0, "1e-37 or more"),
    ("loss=huber", "loss.delta", 0.0, "in [1e-30, 1e30]"),
    ("loss=quantile", "loss.quantile", 1.0, "in (0, 1)"),
    ("loss=focal", "loss.gamma", -1.0, "in [0, 1000]"),
    ("loss=bce", "loss.label_smoothing", -0.1, "in [0, 1)"),
    ("schedule=step", "schedule.step_size", 0, "1 or more"),
    ("schedule=step", "schedule.gamma", 0.0, "in (0, 1]"),
    ("schedule=cosine", "schedule.floor", 1.5, "in [0, 1]"),
    ("schedule=one_cycle", "schedule.warmup_share", 1.0, "in (0, 1)"),
    ("schedule=warmup", "schedule.warmup_share", 1.0, "in (0, 1), or null"),
    ("schedule=warmup", "schedule.warmup_epochs", 0, "1 or more"),
    ("schedule=warmup", "schedule.start", 0.0, "in (0, 1]"),
    ("schedule=plateau", "schedule.gamma", 1.0, "in (0, 1)"),
    ("schedule=plateau", "schedule.patience", -1, "0 or more"),
    ("schedule=plateau", "schedule.threshold", 1.0, "in [0, 1)"),
    ("data=sine", "data.rows", 0, "from 1 to 100,000,000"),
    ("data=sine", "data.noise", -0.1, "0 or more"),
    ("data=sine", "data.periods", 0.0, "positive"),
    ("data=sine", "data.outliers", 1.0, "in [0, 1)"),
    ("data=function", "data.low", -1e7, "from -1,000,000 to 1,000,000"),
    ("data=function", "data.high", 1e7, "from -1,000,000 to 1,000,000"),
    ("data=function", "data.low", 1.0, "below data.high=1.0"),
    ("data=circles", "data.rows", -5, "from 1 to 100,000,000"),
    ("data=gaussians", "data.classes", 1, "from 2 to 10,000"),
    ("data=spirals", "data.classes", 1, "from 2 to 10,000"),
    ("data=spirals", "data.classes", 10**9, "from 2 to 10,000"),
    ("data=circles", "data.rows", 10**20, "from 1 to 100,000,000"),
    ("data=spirals", "data.turns", 0.0, "positive"),
    ("data=signals", "data.classes", 1, "from 2 to 10,000"),
    ("data=signals", "data.points", 0, "from 1 to 10,000"),
    ("data=signals", "data.points", 10**9, "from 1 to 10,000"),
]


TEXTS = ("name", "resume")
"""Keys at null where text may stand."""


def numeric_leaves(values: Plain, path: str = "") -> set[str]:
    """Keys whose value is a number, or null where a number may stand."""
    leaves: set[str] = set()
    for key, value in values.items():
        full = f"{path}{key}"
        if isinstance(value, dict):
            leaves |= numeric_leaves(value, f"{full}.")
        elif (type(value) in (int, float) or value is None) and full not in TEXTS:
            leaves.add(full)
    return leaves


def test_every_number_has_a_value_out_of_range() -> None:
    """A new numeric setting needs a limit, and a case."""
    assert {key for key, _, _ in OUT_OF_RANGE} == numeric_leaves(values_of())


@pytest.mark.parametrize(("key", "value", "rule"), OUT_OF_RANGE)
def test_a_number_out_of_range(key: str, value: object, rule: str) -> None:
    """`<key> must be <rule>, got <value>`."""
    line = refused_values(changed(values_of(), {key: value}))
    assert line == f"{key} must be {rule}, got {value!r}"


@pytest.mark.parametrize(("choice", "key", "value", "rule"), OUT_OF_RANGE_ELSEWHERE)
def test_a_number_of_another_choice_out_of_range(
    choice: str, key: str, value: object, rule: str
) -> None:
    """The same for settings that only some choices have."""
    line = refused_values(changed(values_of(choice), {key: value}))
    assert line == f"{key} must be {rule}, got {value!r}"


@pytest.mark.parametrize("key", sorted(numeric_leaves(values_of())))
@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_number_that_is_none(key: str, value: float) -> None:
    """NaN is no value of any setting, and none goes below all numbers."""
    assert key in refused_values(changed(values_of(), {key: value}))


@pytest.mark.parametrize("text", ["", " a", "a\nb", "a\x1b[31m", "x" * 101])
def test_a_name_fits_into_a_line(text: str) -> None:
    """Of a table in a terminal; a tag, too."""
    for key, value in (("name", text), ("tags", ["good", text])):
        with pytest.raises(UserError, match=f"^{key} must be 1 to 100 letters without line breaks"):
            read(Config, changed(values_of(), {key: value}), "")
