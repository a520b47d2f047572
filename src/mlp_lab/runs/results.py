"""What a run leaves behind when it ends: result.json, the best weights and what they mean."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from mlp_lab.errors import Interrupted
from mlp_lab.files import is_full, joined_json, to_json, write_whole
from mlp_lab.metrics.validation_record import ValidationRecord
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.runs.folder import MODEL, RESULT, SCHEMA
from mlp_lab.version import __version__


@contextmanager
def failure_recorded(folder: Path) -> Iterator[None]:
    """Leave a result.json that says what went wrong, if something does; pass it on."""
    try:
        yield
    except Interrupted:
        raise  # it can go on: there is no result yet
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(folder)  # a write to an open file does not say which
        if not is_full(error):  # else it can go on once there is room
            record_failure(folder, error)
        raise


def record_failure(folder: Path, error: Exception) -> None:
    """Leave a result.json that says what went wrong, if it can be written."""
    reason = f"{type(error).__name__}: {error}"
    with suppress(OSError):  # a full disk may be why
        write_whole(folder / RESULT, to_json({"status": "failed", "reason": reason}))


def environment(device: torch.device, kernel: str, devices: int = 1) -> dict[str, object]:
    """What the figures depend on beside the configuration.

    `kernel`: native or torch; `devices`: processes that shared each batch out.
    """
    return {
        "mlp_lab": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # its own type would make a reader import torch
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "kernel": kernel,
        **({} if devices == 1 else {"devices": devices}),
    }


def write_results(
    folder: Path,
    network: MLP,
    schema: str,
    objective: Objective,
    result: Mapping[str, object],
    *,
    validation: ValidationRecord | None = None,
) -> None:
    """The weights of a network or an ensemble, the schema (JSON) they need, the result."""
    state = {name: tensor.cpu() for name, tensor in network.plain_state().items()}
    embedding = None if network.embedding is None else network.embedding.plan
    sizes, widths = network.member_sizes[0], [each[1:-1] for each in network.member_sizes]
    alike = all(own == widths[0] for own in widths)
    layers = {
        "sizes": sizes if embedding is None else [embedding.inputs, *sizes[1:]],
        "activations": network.activation_names,
        "output": objective.output,
        "loss": objective.loss,
        **({} if network.members == 1 else {"ensemble": network.members}),
        **({} if alike else {"ensemble_widths": widths}),
        **({} if embedding is None else {"embedding": asdict(embedding)}),
        "loss_options": dict(objective.numbers),
        **({} if network.normalisation == "none" else {"normalisation": network.normalisation}),
        **({"residual": True} if network.residual else {}),
        **({} if objective.temperature == 1 else {"temperature": objective.temperature}),
    }
    kept = {} if validation is None else {"validation": validation.to_dict()}
    network_json = to_json({"network": layers, **kept})
    write_whole(folder / MODEL, save(state), wait=False)
    write_whole(folder / SCHEMA, joined_json(schema, network_json), wait=False)
    write_whole(folder / RESULT, to_json(result), wait=False)
