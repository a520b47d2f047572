"""A network as a program of torch.export: without mlp_lab, and without Python where torch runs so.

It reads encoded rows. How columns become these is schema.json, which lies in the file, too.
"""

from __future__ import annotations

import json
import warnings
from io import BytesIO

import torch
from torch import Tensor, nn

from mlp_lab.data.schema import Schema

SCHEMA, ABOUT = "schema.json", "README.txt"
"""Files beside the program; `torch.export.load` gives them back as `extra_files`."""


def program_bytes(network: nn.Module, schema: Schema) -> bytes:
    """The content of a .pt2 file: (N, D) encoded rows -> (N, C) outputs; N may be any."""
    dtype = next(network.parameters()).dtype
    example = torch.zeros(3, len(schema.names), dtype=dtype)
    rows = torch.export.Dim("rows")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about itself
        program = torch.export.export(Whole(network), (example,), dynamic_shapes=({0: rows},))
        buffer = BytesIO()
        beside = {
            SCHEMA: json.dumps(schema.to_dict(), indent=1),
            ABOUT: f"{about(schema)}\nLayers: {network}\n",
        }
        torch.export.save(program, buffer, extra_files=beside)
    return buffer.getvalue()


class Whole(nn.Module):
    """A network by one name, however it calls what it reads."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, D) -> (N, C)."""
        outputs: Tensor = self.network(inputs)
        return outputs


def about(schema: Schema) -> str:
    """What the program reads and gives, in lines."""
    target = schema.target
    lines = [
        f"A network that predicts {target.name}: encoded rows (N, {len(schema.names)}) ->"
        f" outputs (N, {target.outputs}).",
        "Inputs, in this order:",
        *(f"  {place} {name}" for place, name in enumerate(schema.names)),
        f"How a column's cells become these is {SCHEMA}, under columns: a number x is",
        "(x - center) / scale, or with quantiles the normal score of its place among them;",
        "a missing one is fill. A level is 1 at its own place; of two levels, one input is 1 for",
        "the second and 0.5 for neither.",
    ]
    for one in target.each:
        if one.classes is None:
            lines.append(
                f"{one.name}: output times scale plus center of its scaling, then the inverse of"
                f" transform {one.transform}."
            )
        else:
            lines.append(f"{one.name}: {', '.join(one.classes)}, {_decision(one.outputs)}.")
    return "\n".join(lines)


def _decision(outputs: int) -> str:
    return "the largest output" if outputs > 1 else "the second where the output is above 0.5"
