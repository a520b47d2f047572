"""The exact state of a run between two epochs, as one safetensors file.

Random streams are derived from seed and epoch, so that no generator's state is in it.
"""

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from mlp_lab.errors import UserError
from mlp_lab.training.files import write_whole
from mlp_lab.training.stack import Stack
from mlp_lab.training.stopping import Watch

CHECKPOINT = "checkpoint.safetensors"


@dataclass(slots=True)
class Progress:
    """Where a run of one network stands, beside its weights.

    `seconds` were spent in epochs; `change` is the last epoch's |W - W before| / |W before|;
    `reason` says why the run stopped before its last epoch, if it did.
    """

    watch: Watch
    seconds: float = 0.0
    change: float = math.inf
    reason: str = ""


def save_checkpoint(folder: Path, stack: Stack, progress: Progress) -> None:
    """Write weights, best weights, moments and all counters."""
    (schedule,) = stack.schedules
    state = {
        "epoch": stack.epoch,
        "seconds": progress.seconds,
        "change": progress.change,
        "reason": progress.reason,
        "watch": asdict(progress.watch),
        "schedule": [schedule.reduction, schedule.best, schedule.waited],
    }
    tensors = {name: tensor.cpu() for name, tensor in _tensors(stack).items()}
    write_whole(folder / CHECKPOINT, save(tensors, {"state": json.dumps(state)}))


def load_checkpoint(folder: Path, stack: Stack) -> Progress:
    """Put a freshly built stack where the checkpoint left it.

    Raises:
        UserError: there is no checkpoint, or it is not of this network.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise UserError(f"resume={folder} has no {CHECKPOINT}: its first epoch was never finished")
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads(file.metadata()["state"])
            for name, tensor in _tensors(stack).items():
                tensor.copy_(file.get_tensor(name))
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise UserError(f"{path} does not fit its config.yaml: {error}") from error
    (schedule,) = stack.schedules
    schedule.reduction, schedule.best, schedule.waited = state["schedule"]
    stack.epoch = state["epoch"]
    watch = Watch(**state["watch"])
    return Progress(watch, state["seconds"], state["change"], state["reason"])


def _tensors(stack: Stack) -> dict[str, Tensor]:
    """Everything that training changes, by name."""
    moments = {f"moment_{i}": moment.flat for i, moment in enumerate(stack.optimizer.moments)}
    return {"weights": stack.network.layers.flat, "best": stack.best.flat, **moments}


class Clock:
    """Says when a checkpoint is due, so that they take only a share of the training time."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._cost = 0.0
        self._last = time.perf_counter()

    def due(self) -> bool:
        """Whether the time since the last checkpoint pays for the next; the first is free."""
        waited = time.perf_counter() - self._last
        return self.share > 0 and waited * self.share >= self._cost

    def save(self, folder: Path, stack: Stack, progress: Progress) -> None:
        """Write one, and note what it cost."""
        started = time.perf_counter()
        save_checkpoint(folder, stack, progress)
        self._last = time.perf_counter()
        self._cost = self._last - started
