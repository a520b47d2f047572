"""A network to a file that other programs read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from mlp_lab.data.schema import Schema
from mlp_lab.errors import UserError, require_choice, require_extra
from mlp_lab.export.torch_program import program_bytes
from mlp_lab.files import write_named

FORMATS = {"onnx": ".onnx", "torch": ".pt2"}
"""Format -> how names of its files end."""


def format_of(path: Path, asked: str | None) -> str:
    """The format that was asked for, or the one that a file's name tells.

    Raises:
        UserError: there is no such format, or the name tells none.
    """
    if asked is not None:
        require_choice(asked, "format", FORMATS)
        return asked
    for name, suffix in FORMATS.items():
        if path.suffix.lower() == suffix:
            return name
    endings = " or ".join(FORMATS.values())
    raise UserError(f"the name of the exported file must end with {endings}, got {str(path)!r}")


def export_network(
    path: Path,
    network: nn.Module,
    networks: Sequence[nn.Sequential],
    schema: Schema,
    *,
    probabilities: bool,
    temperature: float = 1.0,
    asked: str | None = None,
    prefix: str = "",
) -> list[str]:
    """Write a network, and say in lines what is left to whoever uses it.

    Args:
        path: the file; what is there is replaced, once the new content is whole.
        network: the network, or the ensemble, as it predicts.
        networks: itself, or those of the ensemble.
        schema: what its inputs and outputs mean.
        probabilities: whether its outputs are such.
        temperature: of these, which `network` has already.
        asked: onnx or torch; by default what the file's name tells.
        prefix: before the names of a graph's outputs.

    Raises:
        UserError: the format is unknown, its library is missing, or it cannot hold the network.
    """
    if format_of(path, asked) == "torch":
        write_named(path, program_bytes(network, schema))
        return ["the program reads encoded rows: schema.json and README.txt in the file say how"]
    require_extra("onnx", "exporting to ONNX", "onnx")
    from mlp_lab.export.onnx_model import left_outside, onnx_bytes  # noqa: PLC0415  optional

    content = onnx_bytes(
        networks, schema, probabilities=probabilities, prefix=prefix, temperature=temperature
    )
    write_named(path, content)
    return left_outside(schema)
