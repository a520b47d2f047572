"""What a server takes and gives, as OpenAPI 3.1: written from what schema.json says."""

from __future__ import annotations

from collections.abc import Mapping

from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Schema, Target
from mlp_lab.export.predictions import SPREAD
from mlp_lab.serving.service import CSV, JSON, Limits, Service
from mlp_lab.version import __version__

Plain = dict[str, object]

SCHEMA = "schema.json: columns, levels, scaling, classes; threshold and interval, if there are any"


def openapi(service: Service) -> Plain:
    """The description of a network's server."""
    schema, limits = service.predictor.schema, service.limits
    row, found = row_schema(schema), prediction_schema(service)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Predicts {schema.target.name}", "version": __version__},
        "paths": {
            "/predict": {"post": _predict(limits)},
            "/schema": {"get": _get(SCHEMA)},
            "/health": {"get": _get("that the server answers")},
        },
        "components": {
            "schemas": {
                "Row": row,
                "Columns": _by_columns(row),
                "Prediction": found,
                "PredictionColumns": _by_columns(found),
                "Error": _object({"error": {"type": "string"}}),
            }
        },
    }


def row_schema(schema: Schema) -> Plain:
    """A row as JSON."""
    properties = {entry.column.name: _cell(entry.column) for entry in schema.inputs}
    return _object(properties)


def prediction_schema(service: Service) -> Plain:
    """What is predicted for a row."""
    predictor, decisions = service.predictor, service.decisions
    target = predictor.schema.target
    number: Plain = {"type": ["number", "null"]}
    properties: Plain = {}
    for one in target.each:
        end = "" if isinstance(target, Target) else f"_{one.name}"
        found: Plain = {"enum": one.classes} if one.classes else number
        if decisions.threshold is not None:
            found |= {"description": decisions.words}
        properties[f"prediction{end}"] = found
        if predictor.gives_probabilities:
            share: Plain = {"type": "number", "minimum": 0, "maximum": 1}
            names = [end] if end else [f"_{name}" for name in one.classes or []]
            properties |= {f"probability{name}": share for name in names}
        if decisions.interval is not None:
            bound = number | {"description": decisions.words}
            properties |= {f"low{end}": bound, f"high{end}": bound}
        if predictor.count > 1:
            properties[f"{SPREAD}{end}"] = number
    return _object(properties)


def _cell(column: Column) -> Plain:
    """What a cell may be; null is a missing value."""
    if column.kind == "numeric":
        return {"type": ["number", "null"]}
    if column.kind == "date":
        return {"type": ["string", "null"], "description": "a date, as 2026-03-31"}
    if column.kind == "ordinal":
        return {"enum": [*column.levels, None], "description": "in this order"}
    if column.kind == "multiple":
        several: Plain = {"type": "array", "items": {"type": "string"}}
        kept = {"examples": column.levels, "description": "answers that were given"}
        between = f"{column.separator.strip(' ')} between them"
        text: Plain = {"type": ["string", "null"], "description": between}
        return {"oneOf": [several, text], **kept}
    kinds = ["string", "number", "boolean", "null"]
    about = "others count as a level that no training row had"
    return {"type": kinds, "examples": column.levels, "description": about}


def _object(properties: Mapping[str, object]) -> Plain:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _by_columns(row: Plain) -> Plain:
    """The same as lists, one for each column."""
    properties = row["properties"]
    assert isinstance(properties, dict)
    lists = {name: {"type": "array", "items": cell} for name, cell in properties.items()}
    return _object(lists)


def _predict(limits: Limits) -> Plain:
    row, columns = _either("Row", limits), {"$ref": "#/components/schemas/Columns"}
    answer = _object(
        {
            "predictions": {
                "oneOf": [
                    _either("Prediction", limits),
                    {"$ref": "#/components/schemas/PredictionColumns"},
                ]
            },
            "unseen_levels": {
                "type": "object",
                "description": "rows with a level that no training row had, by column",
                "additionalProperties": {"type": "integer"},
            },
        }
    )
    text: Plain = {"schema": {"type": "string"}}
    return {
        "summary": "Predictions for rows, in the form in which the rows came",
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"oneOf": [row, columns]}}, CSV: text},
        },
        "responses": {
            "200": {
                "description": "predictions, in the order of the rows",
                "content": {JSON: {"schema": answer}, CSV: text},
            },
            **{code: _error(said) for code, said in _errors(limits).items()},
        },
    }


def _errors(limits: Limits) -> dict[str, str]:
    return {
        "400": "the body cannot be read",
        "413": f"more than {limits.megabytes:g} MB, or more than {limits.rows:,} rows",
        "415": f"neither {JSON} nor {CSV}",
        "422": "a column is missing, or a row holds what its column cannot",
        "503": f"no answer within {limits.seconds:g} s",
    }


def _either(name: str, limits: Limits) -> Plain:
    items = {"$ref": f"#/components/schemas/{name}"}
    return {"type": "array", "items": items, "minItems": 1, "maxItems": limits.rows}


def _error(said: str) -> Plain:
    error = {"$ref": "#/components/schemas/Error"}
    return {"description": said, "content": {JSON: {"schema": error}}}


def _get(said: str) -> Plain:
    anything: Plain = {"type": "object"}
    return {
        "summary": said,
        "responses": {"200": {"description": said, "content": {JSON: {"schema": anything}}}},
    }
