"""The description of a server, written from its schema."""

import json
import re

import numpy as np
from exported import NUMBER, TWO, date, levels, number, predictor

from mlp_lab.data.schema import Target, Targets
from mlp_lab.metrics.conformal import Residuals
from mlp_lab.metrics.decision_threshold import Threshold
from mlp_lab.metrics.validation_record import ValidationRecord
from mlp_lab.serving.openapi import openapi, prediction_schema, row_schema
from mlp_lab.serving.service import JSON, Decisions, Limits, Service

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


def require_described(service: Service) -> dict[str, object]:
    """The parts of a prediction, once an answer has these and no others."""
    answer = json.loads(service.answer(b'[{"x": 1}]', JSON))
    described = prediction_schema(service)
    assert isinstance(described["required"], list)
    assert set(answer["predictions"][0]) == set(described["required"])
    properties = described["properties"]
    assert isinstance(properties, dict)
    return properties


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
        require_described(Service(model, Limits()))


def test_decisions_are_described() -> None:
    """Ends of an interval for each number, and the threshold, in words that somebody gave them."""
    both = Targets([NUMBER, Target(NUMBER.column, "regression", None, 1, "log", NUMBER.scaling)])
    kept = Residuals.of(np.arange(1.0, 20.0), None)
    for target, ends in ((NUMBER, [""]), (both, [f"_{one.name}" for one in both.each])):
        model = predictor(COLUMNS[:1], target, "linear", "mse", networks=2)
        model.validation = ValidationRecord([kept] * len(ends))
        found = require_described(Service(model, Limits(), Decisions(interval=0.9, words="wide")))
        for end in ends:
            assert found[f"low{end}"] == found[f"high{end}"]
            assert found[f"low{end}"] == {"type": ["number", "null"], "description": "wide"}
    decisions = Decisions(threshold=Threshold(0.3), words="above 0.3")
    found = require_described(Service(predictor(COLUMNS[:1]), Limits(), decisions))
    assert found["prediction"] == {"enum": ["no", "yes"], "description": "above 0.3"}


def test_every_reference_leads_somewhere() -> None:
    """And the limits are in it."""
    found = openapi(Service(predictor(COLUMNS), Limits(rows=7)))
    text = json.dumps(found)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    components = found["components"]
    assert isinstance(components, dict)
    assert named == components["schemas"].keys()
    assert '"maxItems": 7' in text
