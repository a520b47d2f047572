"""schema.json, each key held against the others; that it comes back is in test_schema."""

import copy
from typing import Any

import pytest
from lab import configure

from mlp_lab.data.columns import Column
from mlp_lab.data.config import DataConfig
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import encode
from mlp_lab.data.schema_file import schema_of
from mlp_lab.data.splitting import split_rows
from mlp_lab.errors import UserError


def plain(config: DataConfig) -> dict[str, Any]:
    """The schema of a data set, as JSON has it."""
    raw = load_rows(config)
    return encode(raw, split_rows(raw, config), config, "softmax", "float64").schema.to_dict()


SCHEMA = plain(configure("data=iris").data)


def changed(path: str, value: object) -> dict[str, Any]:
    """A schema with another value somewhere."""
    schema = copy.deepcopy(SCHEMA)
    section: Any = schema
    *names, last = [int(name) if name.isdigit() else name for name in path.split(".")]
    for name in names:
        section = section[name]
    section[last] = value
    return schema


def test_a_former_name() -> None:
    """Of version 0.1.0."""
    first = schema_of(SCHEMA).inputs[0].column
    schema = copy.deepcopy(SCHEMA)
    column: Any = schema["columns"]
    column[0]["rare"] = column[0].pop("min_frequency") + 0.25
    assert first == Column(name=first.name)
    assert schema_of(schema).inputs[0].column == Column(name=first.name, min_frequency=0.25)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("columns", {}, "columns must be a list, got {}"),
        ("columns.0.kind", "word", "columns[0].kind must be one of numeric, binary, category"),
        ("columns.0.kind", "category", "unknown key 'columns[0].encoding.fill'"),
        ("columns.0.kind", "date", "unknown key 'columns[0].encoding.fill'"),
        ("columns.0.inputs", [], "columns[0].inputs must be ['sepal length (cm)'], got []"),
        ("columns.0.name", "x", "columns[0].inputs must be ['x'], got "),
        ("columns.0.levels", ["a", "a"], "columns[0].levels must be different levels"),
        ("columns.0.min_frequency", 2, "columns[0].min_frequency must be in [0, 1], got 2"),
        ("columns.0.encoding.scaling.scale", 0, "columns[0].encoding.scaling.scale must be pos"),
        ("columns.0.encoding.scaling.quantiles", [2.0, 1.0], "columns[0].encoding.scaling.quant"),
        ("target.task", "binary", "target.task must be multiclass for its classes, got binary"),
        ("target.task", "sorting", "target.task must be one of regression, binary, multiclass"),
        ("target.classes", None, "target.task must be regression for its classes"),
        ("target.classes", ["a"], "target.column.levels must be the classes of target.classes"),
        ("target.outputs", 2, "target.outputs must be 3 for its classes, got 2"),
        ("target.transform", "log", "target.transform must be none for classes, got log"),
        ("target.transform", "exp", "target.transform must be one of none, log, log1p"),
        ("target.scaling.quantiles", [1.0], "target.scaling.quantiles must be empty"),
        ("file", {"quote": "ab"}, "data.quote must be one ASCII character"),
        ("weight", {}, "weight.name is missing"),
        ("group", {}, "group.name is missing"),
        ("strata", {"name": "a", "kind": "b"}, "strata.kind must be one of numeric, binary"),
        ("more", 1, "unknown key 'more'"),
    ],
)
def test_what_is_no_schema(path: str, value: object, words: str) -> None:
    """By its key."""
    with pytest.raises(UserError) as caught:
        schema_of(changed(path, value))
    assert str(caught.value).startswith(words)
