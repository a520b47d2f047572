"""What a network's inputs and outputs mean, in memory and in JSON."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from lab import configure
from objectives import loss_settings
from several import LABELS, NUMBERS, words

from mlp_lab.data.columns import classified, numeric
from mlp_lab.data.config import SCALINGS, DataConfig
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import EncodedData, encode
from mlp_lab.data.rows import RawData
from mlp_lab.data.schema import Targets
from mlp_lab.data.schema_file import schema_of
from mlp_lab.data.splitting import Split, split_rows
from mlp_lab.errors import UserError
from mlp_lab.files import to_json
from mlp_lab.network.losses import choose_objective

SETS = ["iris", "breast_cancer", "diabetes"]


def encoded(raw: RawData, split: Split, config: DataConfig) -> EncodedData:
    """With the task's own output."""
    output = choose_objective(raw.task, "auto", loss_settings("auto")).output
    return encode(raw, split, config, output, "float64")


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("name", [*SETS, "moons", "sine"])
def test_schema_survives_json(name: str, scaling: str) -> None:
    """Exactly: floats too."""
    config = configure(f"data={name}", f"data.scaling={scaling}").data
    raw = load_rows(config)
    schema = encoded(raw, split_rows(raw, config), config).schema
    assert schema_of(json.loads(json.dumps(schema.to_dict()))) == schema


@pytest.mark.parametrize(
    ("name", "output", "outputs"),
    [
        ("iris", "softmax", 3),
        ("moons", "sigmoid", 1),
        ("moons", "softmax", 2),
        ("moons", "linear", 1),
        ("diabetes", "linear", 1),
    ],
)
def test_outputs(name: str, output: str, outputs: int) -> None:
    """One for each class, or one for the second of two."""
    config = configure(f"data={name}").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    data = encode(raw, split, config, output, "float64")
    target = data.schema.target
    assert target.outputs == outputs
    targets = data.test.targets
    assert targets.shape == (len(split.test), outputs)
    np.testing.assert_allclose(target.truth(targets), raw.target[split.test])
    if outputs > 1:
        np.testing.assert_array_equal(targets.argmax(1), raw.target[split.test])
        np.testing.assert_array_equal(targets.sum(1), 1)
    elif raw.task != "regression":
        np.testing.assert_array_equal(targets[:, 0], raw.target[split.test])


@pytest.mark.parametrize(("transform", "function"), [("log", np.log), ("log1p", np.log1p)])
def test_the_network_learns_a_logarithm(transform: str, function: np.ufunc) -> None:
    """Standardised; decoding gives the target's own units."""
    config = configure("data=diabetes", f"data.target_transform={transform}").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    data = encoded(raw, split, config)
    logarithms = function(raw.target[split.train])
    expected = (logarithms - logarithms.mean()) / logarithms.std()
    np.testing.assert_allclose(data.train.targets[:, 0], expected)
    np.testing.assert_allclose(data.schema.target.decode(data.test.targets), raw.target[split.test])


def test_columns_of_one_name_are_apart() -> None:
    """A schema goes by position while training."""
    inputs = np.array([[0.0, 10], [1, 20], [2, 30], [3, 50]])
    raw = RawData(
        inputs, np.array([0.0, 1, 0, 1]), numeric(["x", "x"]), [classified("y", ["a", "b"])]
    )
    split = Split(np.arange(4), np.arange(0), np.arange(0))
    train = encoded(raw, split, configure("data=iris").data).train
    assert not np.allclose(train.inputs[:, 0], train.inputs[:, 1])


@pytest.mark.parametrize("kind", [NUMBERS, LABELS])
def test_several_targets_there_and_back(kind: tuple[str, ...], tmp_path: Path) -> None:
    """Scaled by their own training rows; schema.json holds them."""
    config = configure(*words(tmp_path, *kind)).data
    raw = load_rows(config)
    split = split_rows(raw, config)
    data = encode(raw, split, config, "linear", "float64")
    target = data.schema.target
    assert isinstance(target, Targets)
    assert data.test.targets.shape == (len(split.test), 2)
    np.testing.assert_allclose(target.truth(data.test.targets), raw.target[split.test])
    if kind == NUMBERS:
        np.testing.assert_allclose(data.train.targets.mean(0), 0, atol=1e-12)
        np.testing.assert_allclose(data.train.targets.std(0), 1)
        np.testing.assert_allclose(target.decode(data.test.targets), raw.target[split.test])
    else:
        np.testing.assert_array_equal(target.decide(data.test.targets), raw.target[split.test])
        assert [one.classes for one in target.each] == [["no", "yes"], ["0", "1"]]
    assert schema_of(json.loads(to_json(data.schema.to_dict()))) == data.schema


def test_damaged_targets_are_refused(tmp_path: Path) -> None:
    """Each key against the others."""
    config = configure(*words(tmp_path, *NUMBERS)).data
    raw = load_rows(config)
    plain = encode(raw, split_rows(raw, config), config, "linear", "float64").schema.to_dict()
    targets = cast(list[dict[str, Any]], plain["targets"])

    def refused(*entries: object) -> str:
        with pytest.raises(UserError) as caught:
            schema_of({**plain, "targets": list(entries)})
        return str(caught.value)

    first, second = targets
    assert refused(first) == "targets must be two or more, got 1"
    assert refused(first, first) == "targets must be different names"
    assert refused(first, {**second, "transform": "cube"}).startswith("targets[1].transform must")
    assert refused(first, {**second, "outputs": 2}).startswith("targets[1].outputs must be 1")
    yes: dict[str, Any] = {
        "column": {"name": "v", "kind": "category", "levels": ["n", "y"]},
        "task": "binary",
    }
    mixed = {**second, **yes, "classes": ["n", "y"]}
    assert refused(first, mixed).startswith("targets[1].task must be that of all")
    assert refused(
        {**mixed, "outputs": 2}, {**mixed, "column": {**yes["column"], "name": "w"}}
    ).startswith("targets[0].outputs must be 1")
    with pytest.raises(UserError, match="target"):
        schema_of({**plain, "target": first})
