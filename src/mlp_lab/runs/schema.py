"""schema.json of a run folder: what a network reads and predicts, and how it is made."""

from dataclasses import dataclass
from pathlib import Path

from mlp_lab.data.schema import Schema
from mlp_lab.data.schema_file import schema_of
from mlp_lab.errors import UserError
from mlp_lab.metrics.validation_record import ValidationRecord, record_of
from mlp_lab.network.saved import Layers, layers_of
from mlp_lab.plain import brief, read_as
from mlp_lab.runs.linear_baseline import KEY, LinearBaseline, linear_baseline_of
from mlp_lab.stored import naming, read_json


@dataclass(frozen=True, slots=True)
class Described:
    """What schema.json says: of the columns, of the layers; of validation rows, if it does.

    `linear_baseline`: the model without hidden layers, which version 0.1 did not keep.
    """

    schema: Schema
    layers: Layers
    validation: ValidationRecord | None
    linear_baseline: LinearBaseline | None


def read_schema(path: Path) -> Described:
    """What a schema.json says.

    Raises:
        UserError: a key is unknown or missing, holds what it cannot, or contradicts another.
        OSError: it cannot be opened.
    """
    found = read_json(path, megabytes=64)
    with naming(path):
        described = read_as(dict[str, object], found)
        names = "network", "validation", KEY
        layers, kept, linear = (described.pop(name, None) for name in names)
        schema = schema_of(described)
        network = layers_of(layers, "network", schema.target.task)
        last = network.objective.pre_activations(schema.target.outputs)
        ends = (len(schema.names), last)
        if (network.sizes[0], network.sizes[-1]) != ends:
            raise UserError(
                f"network.sizes must begin with {ends[0]} inputs and end with {ends[1]} outputs,"
                f" got {brief(network.sizes)}"
            )
        record = None if kept is None else record_of(kept, "validation", schema.target)
        baseline = None if linear is None else linear_baseline_of(linear, network)
    return Described(schema, network, record, baseline)
