"""The description of a server, written from its schema."""

import json
import re

from exported import NUMBER, TWO, date, levels, number, predictor

from mlp_lab.data.schema import Target, Targets
from mlp_lab.serving.openapi import openapi, prediction_schema, row_schema
from mlp_lab.serving.service import JSON, Limits, Service

COLUMNS = [number("x"), levels("k", "category", 0, 1), levels("o", "ordinal", 0, 1), date("d")]


def test_a_row() -> None:
    """Every kind of column; all are required, and null is a missing value."""
    found = row_schema(predictor(COLUMNS).schema)
    properties = found["properties"]
    assert isinstance(properties, dict)
    assert found["required"] == list("xkod")
    assert properties["x"] == {"type": ["number", "null"]}
    assert properties["k"]["examples"] == ["a", "b"]
    assert properties["o"]["enum"] == ["a", "b", None]
    assert "string" in properties["d"]["type"]


def test_predictions_are_as_described() -> None:
    """Names of what is answered, for classes, numbers, several targets, ensembles."""
    both = Targets([NUMBER, Target(NUMBER.column, "regression", None, 1, "log", NUMBER.scaling)])
    models = [
        predictor(COLUMNS[:1], TWO),
        predictor(COLUMNS[:1], NUMBER, "linear", "mse", networks=2),
        predictor(COLUMNS[:1], both, "linear", "mse"),
        predictor(COLUMNS[:1], Targets([TWO, TWO]), networks=2),
    ]
    for model in models:
        answer = json.loads(Service(model, Limits()).answer(b'[{"x": 1}]', JSON))
        described = prediction_schema(model)["required"]
        assert isinstance(described, list)
        assert set(answer["predictions"][0]) == set(described)


def test_every_reference_leads_somewhere() -> None:
    """And the limits are in it."""
    found = openapi(predictor(COLUMNS), Limits(rows=7))
    text = json.dumps(found)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    components = found["components"]
    assert isinstance(components, dict)
    assert named == components["schemas"].keys()
    assert '"maxItems": 7' in text
