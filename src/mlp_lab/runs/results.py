"""What a run leaves behind when it ends: result.json, the best weights and what they mean."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from safetensors.torch import save

from mlp_lab import __version__
from mlp_lab.data.dataset import Dataset, Part
from mlp_lab.data.schema import Target
from mlp_lab.engine.evaluation import outputs
from mlp_lab.engine.records import Divergence
from mlp_lab.engine.row_source import RowSource
from mlp_lab.errors import Interrupted, UserError
from mlp_lab.files import joined_json, to_json, write_whole
from mlp_lab.metrics.epoch import Scores
from mlp_lab.metrics.scoring import Scored
from mlp_lab.network.losses import Objective
from mlp_lab.network.mlp import MLP
from mlp_lab.program import TRY
from mlp_lab.runs.folder import MODEL, RESULT, SCHEMA


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: completed, stopped (for a reason) or diverged (somewhere)."""

    status: str
    reason: str = ""
    divergence: Divergence | None = None

    def raise_if_diverged(self, folder: Path) -> None:
        """Say where a run diverged; its files are in `folder`.

        Raises:
            UserError: it did.
        """
        if self.divergence is not None:
            raise UserError(f"{self.divergence} ({folder})")


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
        record_failure(folder, error)
        raise


def record_failure(folder: Path, error: Exception) -> None:
    """Leave a result.json that says what went wrong, if it can be written."""
    reason = f"{type(error).__name__}: {error}"
    with suppress(OSError):  # a full disk may be why
        write_whole(folder / RESULT, to_json({"status": "failed", "reason": reason}))


def score_model(model: MLP, dataset: Dataset, objective: Objective) -> dict[str, Scored]:
    """Outputs of a stack of one for every part; the one place where test rows are looked at."""
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    target = dataset.schema.target
    return {part: scored(model, rows, objective, target) for part, rows in parts.items()}


def scores_of(parts: Mapping[str, Scored]) -> dict[str, Scores]:
    """Loss and metrics of every part."""
    return {part: rows.scores() for part, rows in parts.items()}


def scored(model: MLP, rows: Part, objective: Objective, target: Target) -> Scored:
    """A stack of one's outputs for one part, with what they should have been."""
    source = RowSource([rows])
    y, losses = outputs(model, source, objective)
    weights, loss_weights = (
        None if given is None else given.double().cpu().numpy()
        for given in (rows.weights, rows.loss_weights)
    )
    return Scored(
        target=target,
        outputs=y.double().numpy(),
        truth=target.truth(rows.targets.double().cpu().numpy()),
        weights=weights,
        losses=losses.double().numpy(),
        loss_weights=loss_weights,
        probabilities=objective.gives_probabilities(target.outputs),
    )


def describe_ending(ending: Ending, best_epoch: int, epochs_run: int) -> dict[str, object]:
    """The first lines of result.json."""
    described: dict[str, object] = {"status": ending.status}
    if ending.reason:
        described["reason"] = ending.reason
    if ending.divergence is not None:
        where = ending.divergence
        described["diverged"] = {"epoch": where.epoch, "step": where.step, "lr": where.lr}
    return {**described, "epochs_run": epochs_run, "best_epoch": best_epoch}


class Finding(TypedDict):
    """What is so, by which rule and numbers, and the command that may mend it, if there is one."""

    kind: str
    words: str
    rule: str
    numbers: dict[str, float]
    since: int | None
    next: str


class Verdict(Finding):
    """How a training went, as result.json has it, and what else is worth knowing."""

    notes: list[Finding]


def in_brief(verdict: Verdict) -> list[str]:
    """What the terminal shows of it: what is so, and one thing to try."""
    findings = (verdict, *verdict["notes"])
    commands = [finding["next"] for finding in findings if finding["next"]]
    return [finding["words"] for finding in findings] + [TRY + each for each in commands[:1]]


def in_markdown(verdict: Verdict) -> str:
    """All of it, for TensorBoard's text tab."""
    parts = []
    for finding in (verdict, *verdict["notes"]):
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in finding["numbers"].items())
        parts.append(
            f"**{finding['words']}**\n\nRule: {finding['rule']} ({numbers or 'no number'})"
        )
        if finding["next"]:
            parts.append(f"Try: `{finding['next']}`")
    return "\n\n".join(parts)


def environment(device: torch.device) -> dict[str, object]:
    """What the figures depend on beside the configuration."""
    return {
        "mlp_lab": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # its own type would make a reader import torch
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
    }


def write_results(
    folder: Path, network: MLP, schema: str, objective: Objective, result: Mapping[str, object]
) -> None:
    """The weights of a stack of one as plain layers, the schema (JSON) they need, the result."""
    state = {name: tensor.cpu() for name, tensor in network.member_state(0).items()}
    layers = {
        "sizes": network.member_sizes[0],
        "activations": network.activation_names,
        "output": objective.output,
        "loss": objective.loss,
    }
    network_json = to_json({"network": layers})
    write_whole(folder / MODEL, save(state), wait=False)
    write_whole(folder / SCHEMA, joined_json(schema, network_json), wait=False)
    write_whole(folder / RESULT, to_json(result), wait=False)
