"""What is written while a stack trains, and when."""

from pathlib import Path

import pytest
import torch
from lab import BARE, curves, stack_of_runs
from safetensors.torch import load_file

from mlp_lab.engine.stack import Stack
from mlp_lab.runs.checkpoint import CheckpointTimer
from mlp_lab.runs.member import Run
from mlp_lab.runs.progress import read_state
from mlp_lab.runs.training import Training

IRIS = ("data=iris", "model=shallow", "model.width=4", *BARE)
WILD = ("optimizer.lr=1e30",)
DEEP = ("data=iris", *BARE, "optimizer=sgd")


class Ends:
    """Who ended, after which epoch, and what the checkpoint on disk said then."""

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.seen: list[tuple[int, int]] = []
        self.saved: list[int | None] = []

    def __call__(self, run: Run, stack: Stack, position: int) -> None:
        """Take note of a run that has ended and still has its position."""
        assert run.termination is not None
        assert run.tracker is not None
        self.seen.append((stack.ids[position], stack.epoch))
        there = self.checkpoint.is_file()
        self.saved.append(read_state(self.checkpoint).epoch if there else None)


def training(folder: Path, *members: tuple[str, ...], share: float = 0.0) -> tuple[Training, Ends]:
    """Ready to go."""
    stack, runs = stack_of_runs(folder, *members)
    ends = Ends(folder / "checkpoint")
    return Training(stack, runs, ends.checkpoint, CheckpointTimer(share), ends), ends


def never() -> bool:
    """Nobody asks."""
    return False


def test_each_run_ends_after_its_last_epoch(tmp_path: Path) -> None:
    """Once, and when the state of all, its own included, is on disk."""
    together, ends = training(tmp_path, (*IRIS, "epochs=2"), (*IRIS, "epochs=4", "seed=1"))
    shown: list[tuple[int, list[int]]] = []
    together.train(
        never, lambda epoch: shown.append((epoch.epoch, [each.member for each in epoch.members]))
    )
    assert ends.seen == [(0, 2), (1, 4)]
    assert ends.saved == [2, 4]
    assert shown == [(1, [0, 1]), (2, [0, 1]), (3, [1]), (4, [1])]
    assert [len(curves(tmp_path / name)) for name in "01"] == [2, 4]
    assert all(run.tracker is None for run in together.runs.values())


def test_somebody_asks(tmp_path: Path) -> None:
    """The epoch at hand is the last, its state is kept, and nobody has ended."""
    alone, ends = training(tmp_path, (*IRIS, "epochs=9"))
    asked = iter([False, False, True])
    alone.train(lambda: next(asked), lambda epoch: None)
    assert ends.seen == []
    assert read_state(ends.checkpoint).epoch == len(curves(tmp_path / "0")) == 3
    weights = load_file(ends.checkpoint)["weights"]
    assert torch.equal(weights, alone.stack.network.layers.flat)
    assert alone.runs[0].tracker is None


def test_a_stack_rests_and_goes_on(tmp_path: Path) -> None:
    """To the bits of one that never rested; before its epoch comes it does not move."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole, _ = training(tmp_path / "whole", (*IRIS, "epochs=5"))
    parts, ends = training(tmp_path / "parts", (*IRIS, "epochs=5"))
    whole.train(never, lambda epoch: None)
    for until in (2, 2, 1, 4):
        parts.train(never, lambda epoch: None, until)
        assert parts.stack.epoch == max(2, until)
        assert read_state(ends.checkpoint).epoch == parts.stack.epoch
    parts.train(never, lambda epoch: None)
    assert ends.seen == [(0, 5)]
    one, other = (load_file(tmp_path / name / "checkpoint") for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert curves(tmp_path / "whole" / "0") == curves(tmp_path / "parts" / "0")


def test_a_diverged_run_keeps_its_place(tmp_path: Path) -> None:
    """It ends at once and is heard of no more; its neighbour trains on as it would alone."""
    both = (*DEEP, *WILD, "epochs=4"), (*DEEP, "epochs=4")
    together, ends = training(tmp_path, *both)
    heard: list[int] = []
    together.train(never, lambda epoch: heard.extend(record.member for record in epoch.members))
    (first, at), last = ends.seen
    assert (first, last) == (0, (1, 4))
    assert heard.count(0) == at == len(curves(tmp_path / "0"))
    assert heard.count(1) == len(curves(tmp_path / "1")) == 4
    assert list(read_state(ends.checkpoint).progress) == [0, 1]
    (tmp_path / "alone").mkdir()
    alone, _ = training(tmp_path / "alone", both[1])
    alone.train(never, lambda epoch: None)
    assert curves(tmp_path / "alone" / "0") == curves(tmp_path / "1")


def test_an_error_closes_all_files(tmp_path: Path) -> None:
    """And nothing claims to have ended."""
    together, ends = training(tmp_path, (*IRIS, "epochs=3"), (*IRIS, "epochs=3", "seed=1"))

    def fail(epoch: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        together.train(never, fail)
    assert ends.seen == []
    assert all(run.tracker is None for run in together.runs.values())


@pytest.mark.parametrize(("share", "times"), [(0.0, 1), (1.0, 4)])
def test_checkpoints_while_it_trains(
    share: float, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as their share pays for, and one before the results."""
    saved: list[int] = []
    alone, _ = training(tmp_path, (*IRIS, "epochs=4"), share=share)
    monkeypatch.setattr(CheckpointTimer, "save", lambda *_, before: saved.append(len(list(before))))
    alone.train(never, lambda epoch: None)
    assert saved == [2] * times  # its curves and its config are on disk before
