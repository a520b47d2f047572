"""The exact state of a stack, and when it is written."""

import math
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import pytest
import torch
from lab import BARE, stack_of_runs
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from mlp_lab.engine.fit import fit
from mlp_lab.engine.stack import Stack
from mlp_lab.errors import UserError
from mlp_lab.runs import checkpoint as checkpoints
from mlp_lab.runs.checkpoint import CheckpointTimer, load_checkpoint, save_checkpoint, save_member
from mlp_lab.runs.member import Run
from mlp_lab.runs.progress import Progress


class Hands:
    """A clock to turn by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """Time stands still; a checkpoint takes 2 seconds."""
    turned = Hands()
    monkeypatch.setattr(time, "perf_counter", turned)

    def two_seconds(path: Path, stack: Stack, progress: object) -> None:
        turned.now += 2

    monkeypatch.setattr(checkpoints, "save_checkpoint", two_seconds)
    return turned


def save(clock: CheckpointTimer, tmp_path: Path) -> None:
    """A checkpoint of nothing."""
    clock.save(tmp_path, Stack.__new__(Stack), {})


def test_checkpoints_take_their_share(hands: Hands, tmp_path: Path) -> None:
    """The first is free; one of 2 s at a share of 10 % is due again 20 s after its end."""
    clock = CheckpointTimer(0.1)
    assert clock.due()
    save(clock, tmp_path)
    assert not clock.due()
    hands.now += 19.9
    assert not clock.due()
    hands.now += 0.2
    assert clock.due()
    save(clock, tmp_path)
    assert not clock.due()


def test_share_zero_is_never_due(hands: Hands) -> None:
    """Only the last checkpoint is written."""
    clock = CheckpointTimer(0.0)
    assert not clock.due()
    hands.now += 1e9
    assert not clock.due()


def test_share_one_is_due_after_its_own_cost(hands: Hands, tmp_path: Path) -> None:
    """Half of the time goes into checkpoints."""
    clock = CheckpointTimer(1.0)
    save(clock, tmp_path)
    hands.now += 1.9
    assert not clock.due()
    hands.now += 0.2
    assert clock.due()


WINE = ("data=wine", "model=shallow", "model.width=4", "model.dropout=0.2", "epochs=4", *BARE)
PAIR = (WINE, (*WINE, "seed=1", "optimizer.lr=0.01", "schedule=plateau", "schedule.patience=0"))


def after(epochs: int, folder: Path, *members: Sequence[str]) -> tuple[Stack, dict[int, Run]]:
    """A stack that has trained, and its runs."""
    stack, runs = stack_of_runs(folder, *members)
    for run in runs.values():
        run.open(0)
    for epoch in islice(fit(stack), epochs):
        for record in epoch.members:
            at = stack.ids.index(record.member)
            if runs[record.member].observe(record, 0.5, stack, at):
                stack.keep_best([at])
    for run in runs.values():
        run.close()
    return stack, runs


def progress_of(runs: Mapping[int, Run]) -> dict[int, Progress]:
    """Where each stands."""
    return {number: run.progress for number, run in runs.items()}


def tensors(stack: Stack) -> list[Tensor]:
    """Everything that training changes."""
    moments = [moment.flat for moment in stack.optimizer.moments]
    return [stack.network.layers.flat, stack.best.flat, *moments]


def test_a_stack_goes_on_where_it_was(tmp_path: Path) -> None:
    """All tensors and counters, to the bit; then its next epochs are the same."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    stack, runs = after(2, tmp_path / "a", *PAIR)
    save_checkpoint(tmp_path / "c", stack, progress_of(runs))
    other, _ = stack_of_runs(tmp_path / "b", *PAIR)
    assert load_checkpoint(tmp_path / "c", other) == progress_of(runs)
    assert (other.epoch, other.ids, other.diverged) == (2, stack.ids, stack.diverged)
    assert other.schedules == stack.schedules
    assert other.schedules[1].best < math.inf
    for _ in range(2):
        for one, two in zip(tensors(stack), tensors(other), strict=True):
            assert torch.equal(one, two)
        stack.train_epoch()
        other.train_epoch()


def test_whoever_had_left_leaves_again(tmp_path: Path) -> None:
    """Its place is gone from every tensor."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    stack, runs = after(2, tmp_path / "a", *PAIR)
    stack.retire([0])
    save_checkpoint(tmp_path / "c", stack, progress_of(runs))
    other, _ = stack_of_runs(tmp_path / "b", *PAIR)
    assert list(load_checkpoint(tmp_path / "c", other)) == other.ids == [1]
    assert torch.equal(stack.network.layers.flat, other.network.layers.flat)


def test_a_member_alone_is_a_stack_of_one(tmp_path: Path) -> None:
    """So that a run of a sweep can be resumed by itself."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    stack, runs = after(2, tmp_path / "a", *PAIR)
    save_member(tmp_path / "c", stack, 1, runs[stack.ids[1]].progress)
    alone, _ = stack_of_runs(tmp_path / "b", PAIR[stack.ids[1]])
    assert load_checkpoint(tmp_path / "c", alone) == {0: runs[stack.ids[1]].progress}
    one, other = alone.network.member_state(0), stack.network.member_state(1)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert alone.schedules == stack.schedules[1:]


def test_a_checkpoint_of_other_networks(tmp_path: Path) -> None:
    """Another number of members, or other shapes: refused in one line."""
    (tmp_path / "a").mkdir()
    stack, runs = after(1, tmp_path / "a", *PAIR)
    save_checkpoint(tmp_path / "c", stack, progress_of(runs))
    wider = [(*words, "model.width=5") for words in PAIR]
    for name, members in (("b", [WINE]), ("d", wider)):
        (tmp_path / name).mkdir()
        other, _ = stack_of_runs(tmp_path / name, *members)
        with pytest.raises(UserError, match="does not fit its configuration") as caught:
            load_checkpoint(tmp_path / "c", other)
        assert len(str(caught.value).splitlines()) == 1


def test_what_must_be_on_disk_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves before the state that counts on them."""
    order: list[str] = []
    monkeypatch.setattr(checkpoints, "settle", lambda paths: order.extend(p.name for p in paths))
    monkeypatch.setattr(checkpoints, "save_checkpoint", lambda path, *_: order.append(path.name))
    CheckpointTimer(0.1).save(
        tmp_path / "c", Stack.__new__(Stack), {}, before=[tmp_path / "curves.csv"]
    )
    assert order == ["curves.csv", "c"]


@pytest.mark.parametrize("name", ["weights", "best", "moment_0"])
@pytest.mark.parametrize("kind", ["one number", "another type", "missing", "not finite", "more"])
def test_tensors_that_are_not_those_of_the_stack(name: str, kind: str, tmp_path: Path) -> None:
    """One number would be copied over all weights; moments may be infinite."""
    (tmp_path / "a").mkdir()
    stack, runs = after(1, tmp_path / "a", WINE)
    path = tmp_path / "c"
    save_checkpoint(path, stack, progress_of(runs))
    with safe_open(path, framework="pt") as file:
        found, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    tensor = found.pop(name)
    others = {
        "one number": tensor[:1].clone(),
        "another type": tensor.double(),
        "not finite": torch.full_like(tensor, torch.nan),
    }
    others |= {"more": tensor} if kind == "more" else {}
    found |= {name: others[kind]} if kind in others else {}
    found |= {"x": tensor.clone()} if kind == "more" else {}
    save_file(found, path, metadata)
    words = "holds a number that is not finite" if kind == "not finite" else "must be"
    if (name, kind) == ("moment_0", "not finite"):
        load_checkpoint(path, stack)
        return
    with pytest.raises(UserError, match=f"^{path}.*{words}"):
        load_checkpoint(path, stack)
