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
    schema, layers, record = read_schema(run / "schema.json")
    assert layers.sizes[0] == len(schema.names) == 10
    assert layers.temperature == 1
    assert record is not None
    assert record.residuals[0].rows == json.loads((run / "result.json").read_text())["rows"]["val"]
    content = json.loads((run / "schema.json").read_text())
    del content["validation"]
    (tmp_path / "schema.json").write_text(json.dumps(content))
    assert read_schema(tmp_path / "schema.json")[2] is None


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
