"""The exact state of a stack between two epochs, as one safetensors file.

Random streams are derived from seed and epoch, so that no generator's state is in it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.files import settle, write_whole
from mlp_lab.network.layers import LayerTensors
from mlp_lab.plain import brief
from mlp_lab.runs.progress import Progress, State, read_state


def save_checkpoint(path: Path, stack: Stack, progress: Mapping[int, Progress]) -> None:
    """Write weights, best weights, moments and all counters of the members in the stack."""
    content = _content(stack, list(range(len(stack.ids))), stack.ids, progress)
    write_whole(path, content)


def save_beginning(path: Path, progress: Progress) -> None:
    """Write where a run stands before its first step: its tensors follow from its seed."""
    write_whole(path, save({}, {"state": State(0, {0: progress}, []).to_json()}))


def save_member(path: Path, stack: Stack, position: int, progress: Progress) -> None:
    """Write the state of a member that has ended, as a stack of one would."""
    write_whole(path, _content(stack, [position], [0], {0: progress}), wait=False)


def _content(
    stack: Stack, positions: Sequence[int], ids: Sequence[int], progress: Mapping[int, Progress]
) -> bytes:
    schedules = [stack.schedules[position] for position in positions]
    state = State(
        epoch=stack.epoch,
        progress={member: progress[member] for member in ids},
        schedules=[[entry.reduction, entry.best, entry.waited] for entry in schedules],
    )
    layers = changing_layers(stack)
    if len(positions) < len(stack.ids):
        networks = stack.networks(positions)
        sizes = stack.network.member_sizes[networks[0]]
        layers = {name: entry.take(networks, sizes) for name, entry in layers.items()}
    tensors = {name: entry.flat.cpu() for name, entry in layers.items()}
    return save(tensors, {"state": state.to_json()})


def load_checkpoint(path: Path, stack: Stack) -> dict[int, Progress]:
    """Put a freshly built stack where the checkpoint left it; where each of its members stands.

    Members that had left the stack leave it again.

    Raises:
        UserError: there is no checkpoint, or it is not of these networks.
    """
    state = read_state(path)
    ids = list(state.progress)
    stack.retire([member for member in stack.ids if member not in ids])
    if stack.ids != ids:
        raise UserError(f"{path} does not fit its configuration: other members")
    if state.epoch == 0:  # as it was built
        return state.progress
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118  no dict
            found = {name: (s.get_dtype(), s.get_shape()) for name, s in slices.items()}
            _require_fitting(found, stack, path)
            for name, layers in changing_layers(stack).items():
                layers.flat.copy_(file.get_tensor(name))
    except (SafetensorError, RuntimeError) as error:
        raise UserError(f"{path} does not fit its configuration: {error}") from error
    stack.diverged = [entry.diverged is not None for entry in state.progress.values()]
    _require_finite(path, stack)
    stack.epoch = state.epoch
    for schedule, (reduction, best, waited) in zip(stack.schedules, state.schedules, strict=True):
        schedule.reduction, schedule.best, schedule.waited = reduction, best, int(waited)
    return state.progress


def changing_layers(stack: Stack) -> dict[str, LayerTensors]:
    """Everything that training changes, by name."""
    moments = {f"moment_{i}": moment for i, moment in enumerate(stack.optimizer.moments)}
    averaging = stack.averaging
    averages = {} if averaging is None else {"average": averaging.average}
    return {"weights": stack.network.layers, "best": stack.best, **averages, **moments}


TYPES = {torch.float32: "F32", torch.float64: "F64"}
"""As safetensors calls them."""


def _require_fitting(found: Mapping[str, tuple[str, list[int]]], stack: Stack, path: Path) -> None:
    """Raise unless a checkpoint's tensors, by type and shape, are those of a stack.

    One number alone would else be copied over all weights.
    """
    flat = {name: layers.flat for name, layers in changing_layers(stack).items()}
    wanted = {name: (TYPES[each.dtype], list(each.shape)) for name, each in flat.items()}
    for name in [*found, *wanted]:
        if found.get(name) != wanted.get(name):
            raise UserError(
                f"{path} does not fit its configuration: {brief(name)} must be"
                f" {_in_words(wanted.get(name))}, got {_in_words(found.get(name))}"
            )


def _in_words(tensor: tuple[str, list[int]] | None) -> str:
    return "missing" if tensor is None else f"{tensor[0]} of shape {tensor[1]}"


def _require_finite(path: Path, stack: Stack) -> None:
    """Raise unless the members that have not diverged have weights to go on with."""
    going = stack.networks([k for k, ended in enumerate(stack.diverged) if not ended])
    for name in ("weights", "best"):
        for tensor in changing_layers(stack)[name].tensors:
            if not bool(tensor[going].isfinite().all()):
                raise UserError(f"{path}: {name} holds a number that is not finite")


class CheckpointTimer:
    """Says when a checkpoint is due, so that they take only a share of the training time."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._cost = 0.0
        self._last = time.perf_counter()

    def due(self) -> bool:
        """Whether the time since the last checkpoint pays for the next; the first is free."""
        waited = time.perf_counter() - self._last
        return self.share > 0 and waited * self.share >= self._cost

    def save(
        self,
        path: Path,
        stack: Stack,
        progress: Mapping[int, Progress],
        before: Iterable[Path] = (),
    ) -> None:
        """Write one, after the files that must be on disk `before` it; note what all cost."""
        started = time.perf_counter()
        settle(before)
        save_checkpoint(path, stack, progress)
        self._last = time.perf_counter()
        self._cost = self._last - started
