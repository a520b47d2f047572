"""One ONNX graph of a network: from columns as people have them to what is predicted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
from torch import nn

from mlp_lab.data.columns import Column
from mlp_lab.data.schema import Schema
from mlp_lab.errors import UserError
from mlp_lab.export.encoding import Encoder
from mlp_lab.export.graph import Graph
from mlp_lab.export.layers import Layers
from mlp_lab.export.predictions import Predictions, by_temperature, output_names
from mlp_lab.formatting import counted, gigabytes
from mlp_lab.version import __version__

LARGEST = 2**31 - 2**24
"""Bytes of weights: a file of ONNX is a message of less than 2 GB."""

TEXT_KINDS = ("binary", "category", "ordinal")


def onnx_bytes(
    networks: Sequence[nn.Sequential],
    schema: Schema,
    *,
    probabilities: bool,
    prefix: str = "",
    temperature: float = 1.0,
) -> bytes:
    """The content of a file: the mean of networks' outputs for rows of a schema.

    `temperature`: that of the mean of several; one network has its own among its layers.

    Its inputs are the columns by name, (N, 1): text for classes and levels, else float64. Its
    outputs are those of `output_names`.

    Raises:
        UserError: an output has the name of a column, a layer is one of the user's own, the weights
            are too large for such a file, or a column holds several answers in a cell.
    """
    columns = [entry.column.name for entry in schema.inputs]
    names = output_names(
        schema.target, probabilities=probabilities, ensemble=len(networks) > 1, prefix=prefix
    )
    for name in names.values():
        if name in columns:
            raise UserError(f"a column is called {name!r} already: set --prefix")
    weights = [tensor for network in networks for tensor in network.state_dict().values()]
    size = float(sum(tensor.nbytes for tensor in weights))
    if size > LARGEST:
        raise UserError(f"a file of ONNX has less than 2 GB, but the weights {gigabytes(size)}")
    graph = Graph({*columns, *names.values()})
    dtype = np.dtype(str(weights[0].dtype).removeprefix("torch."))
    encoded = Encoder(graph, dtype).encode(schema)
    layers = Layers(graph, dtype)
    if len(networks) > 1 and temperature != 1:
        last = [layers.network(network, encoded.inputs, until="output") for network in networks]
        outputs, mean = by_temperature(graph, last, temperature, schema.target)
    else:
        outputs = [layers.network(network, encoded.inputs) for network in networks]
        mean = None
    Predictions(graph, outputs, encoded.refused, mean).write(schema.target, names)
    about = "\n".join(description(schema, list(names.values()), len(networks)))
    content: bytes = graph.model(about, facts(schema), __version__).SerializeToString()
    return content


def facts(schema: Schema) -> dict[str, str]:
    """What programs may want to know of a graph: columns, classes."""
    columns = [
        {
            "name": entry.column.name,
            "kind": entry.column.kind,
            "type": "text" if entry.column.kind in TEXT_KINDS else "float64",
            **({"levels": entry.column.levels} if entry.column.levels else {}),
        }
        for entry in schema.inputs
    ]
    targets = [
        {"name": one.name, **({"classes": one.classes} if one.classes else {})}
        for one in schema.target.each
    ]
    content = {"columns": columns, "targets": targets}
    return {name: json.dumps(value, ensure_ascii=False) for name, value in content.items()}


def description(schema: Schema, outputs: Sequence[str], networks: int) -> Iterator[str]:
    """What a person should know of a graph, in lines."""
    mean = f", the mean of {networks} networks" if networks > 1 else ""
    yield f"Predicts {schema.target.name}{mean}. Written by mlp_lab {__version__}."
    yield "Every column is an input of shape (rows, 1)."
    for entry in schema.inputs:
        yield f"{entry.column.name}: {_of_column(entry.column)}"
    yield "A missing number is NaN, missing text is empty; null is no text."
    yield "A row with an infinite number, or an unknown level of an ordinal column, gets NaN or no"
    yield "text: predicting by mlp_lab would refuse it."
    for one in schema.target.each:
        if one.classes:
            yield f"Classes of {one.name}, in this order: {', '.join(one.classes)}"
    yield f"Outputs: {', '.join(outputs)}"


def _of_column(column: Column) -> str:
    """What its input takes."""
    if column.kind == "date":
        return "float64, days since 1970-01-01: reading a date as text stays outside of the graph"
    if column.kind not in TEXT_KINDS:
        return "float64"
    levels = ", ".join(column.levels)
    if column.kind == "ordinal":
        return f"text, ordered: {levels}"
    return f"text: {levels}; anything else is a level that no training row had"


def left_outside(schema: Schema) -> list[str]:
    """What no graph can do and its user has to, in lines."""
    dates = [entry.column.name for entry in schema.inputs if entry.column.kind == "date"]
    if not dates:
        return []
    which = counted(len(dates), "date")
    return [
        f"{which} ({', '.join(dates)}): the graph takes days since 1970-01-01, not text;"
        " its description says so"
    ]
