"""schema.json as a whole: columns, layers and what is kept of validation rows fit each other."""

import json
from pathlib import Path

import pytest
from lab import BARE, train

from mlp_lab.errors import UserError
from mlp_lab.runs.schema import read_schema


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A regression."""
    return train(tmp_path_factory.mktemp("run"), "data=diabetes", "epochs=1", *BARE)


def test_all_of_it_is_read(run: Path, tmp_path: Path) -> None:
    """A file of an earlier version keeps nothing of validation rows."""
    found = read_schema(run / "schema.json")
    record = found.validation
    assert found.layers.sizes[0] == len(found.schema.names) == 10
    assert found.layers.temperature == 1
    assert record is not None
    assert found.linear_baseline is not None
    assert found.linear_baseline.name == "linear"
    assert record.residuals[0].rows == json.loads((run / "result.json").read_text())["rows"]["val"]
    content = json.loads((run / "schema.json").read_text())
    del content["validation"], content["linear_baseline"]
    (tmp_path / "schema.json").write_text(json.dumps(content))
    former = read_schema(tmp_path / "schema.json")
    assert (former.validation, former.linear_baseline) == (None, None)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("sizes", [9, 128, 128, 128, 1], "network.sizes must begin with 10 inputs and end with 1"),
        ("temperature", 2.0, "network.temperature must be 1 of a regression target with linear"),
        ("temperature", 0.0, "network.temperature must be above 0, got 0.0"),
        ("temperature", "warm", "network.temperature must be a number, got 'warm'"),
    ],
)
def test_what_contradicts_is_named(
    key: str, value: object, line: str, run: Path, tmp_path: Path
) -> None:
    """With the file and the key."""
    content = json.loads((run / "schema.json").read_text())
    content["network"][key] = value
    (tmp_path / "schema.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=line):
        read_schema(tmp_path / "schema.json")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"name": "boosting"}, "linear_baseline.name must be one of linear, logistic, poisson"),
        ({"weights": [[0.0]]}, "linear_baseline.weights must be 10 rows of 1 numbers"),
        ({"weights": [[0.0, 1.0]] * 10}, "linear_baseline.weights must be 10 rows of 1 numbers"),
        ({"weights": "none"}, "linear_baseline.weights"),
        ({"biases": []}, "linear_baseline.biases must be 1 numbers"),
        ({"biases": [float("inf")]}, "schema.json"),
        ({"extra": 1}, "linear_baseline"),
    ],
)
def test_a_baseline_that_does_not_fit(
    change: dict[str, object], line: str, run: Path, tmp_path: Path
) -> None:
    """With the file and the key."""
    content = json.loads((run / "schema.json").read_text())
    content["linear_baseline"] |= change
    (tmp_path / "schema.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=line):
        read_schema(tmp_path / "schema.json")
