"""A member of a stack as a run with a folder of its own."""

from pathlib import Path

import pytest
import torch
from lab import BARE, configure, stack_of_runs, values_of

from mlp_lab.data.dataset import Dataset
from mlp_lab.engine.fit import fit
from mlp_lab.errors import UserError
from mlp_lab.network.losses import Objective
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run, build_stack, shared_settings
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.tracking.curves import read_curves

IRIS = ("data=iris", "model=shallow", "model.width=4", *BARE)
WILD = ("optimizer=sgd", "optimizer.lr=1e30", "model=deep")


def watched(folder: Path, *overrides: str) -> tuple[Run, list[bool]]:
    """A run that has seen all its epochs, and which of them were the best so far."""
    stack, runs = stack_of_runs(folder, [*IRIS, *overrides])
    run = runs[0]
    assert run.ended(0) is None
    run.open(0)
    best = []
    for epoch in fit(stack):
        best.append(run.observe(epoch.members[0], 2.0, stack, 0))
        if run.ended(epoch.epoch) is not None:
            break
    run.close()
    run.close()  # nothing is open any more
    return run, best


def test_each_epoch_is_written_down(tmp_path: Path) -> None:
    """With the time that training took so far."""
    run, best = watched(tmp_path, "epochs=3")
    rows = read_curves(tmp_path / "0" / "curves.csv")
    assert [row["seconds"] for row in rows] == [2.0, 4.0, 6.0]
    losses = [row["val_loss"] for row in rows]
    assert best == [loss == min(losses[: k + 1]) for k, loss in enumerate(losses)]
    termination = run.ended(3)
    assert termination is not None
    assert (termination.status, termination.reason, run.ended(2)) == ("completed", "", None)


@pytest.mark.parametrize(("setting", "epochs"), [("stop.seconds=3", 2), ("stop.weights_tol=9", 1)])
def test_a_reason_to_stop(setting: str, epochs: int, tmp_path: Path) -> None:
    """Is how it ended, though epochs are left."""
    run, best = watched(tmp_path, "epochs=9", setting)
    assert len(best) == epochs
    termination = run.ended(epochs)
    assert termination is not None
    assert (termination.status, bool(termination.reason)) == ("stopped", True)


def test_a_divergence(tmp_path: Path) -> None:
    """Is never the best epoch, and counts from the epoch after it on."""
    run, best = watched(tmp_path, "epochs=5", *WILD)
    assert best[-1] is False
    epoch = len(best)
    termination = run.ended(epoch)
    assert termination is not None
    assert termination.status == "diverged"
    assert termination.divergence is run.progress.diverged
    assert [run.diverged_before(at) for at in (epoch, epoch + 1)] == [False, True]


@pytest.mark.parametrize(
    ("words", "batch_size", "gradient", "dtype"),
    [
        ((), 32, "explicit", torch.float32),
        (
            ("batch_size=full", "gradient=autograd", "dtype=float64"),
            None,
            "autograd",
            torch.float64,
        ),
    ],
)
def test_what_members_share(
    words: tuple[str, ...],
    batch_size: int | None,
    gradient: str,
    dtype: torch.dtype,
    tmp_path: Path,
) -> None:
    """Settings of the first, and each its own numbers."""
    both = [[*IRIS, *words, "seed=5"], [*IRIS, *words, "optimizer.lr=0.5", "epochs=7"]]
    stack, _ = stack_of_runs(tmp_path, *both)
    assert (stack.shared.batch_size, stack.shared.gradient) == (batch_size, gradient)
    assert stack.network.layers.flat.dtype == stack.shared.dtype == dtype
    assert [member.seed for member in stack.members] == [5, 0]
    assert [member.epochs for member in stack.members] == [50, 7]
    assert [member.optimizer.lr for member in stack.members] == [0.001, 0.5]


def test_autocast_is_of_a_gpu() -> None:
    """Torch has the last word on whether there is one."""
    objective = Objective("softmax", "cce")
    config = configure("data=iris", "autocast=bfloat16")
    assert shared_settings(config, objective, torch.device("cuda")).autocast == torch.bfloat16
    plain = shared_settings(configure("data=iris"), objective, torch.device("cuda"))
    assert plain.autocast is None
    with pytest.raises(UserError, match=r"^autocast=bfloat16 needs a CUDA device, and here is non"):
        shared_settings(config, objective, torch.device("cpu"))


@pytest.mark.parametrize("asked", [(0,), (1,), (0, 1), ()])
def test_gradients_are_kept_for_whoever_wants_them(asked: tuple[int, ...], tmp_path: Path) -> None:
    """If one of the runs does."""
    wanted = "tracking.gradient_norms=true"
    stack, _ = stack_of_runs(tmp_path, *([*IRIS, *[wanted] * (k in asked)] for k in (0, 1)))
    assert (stack.last_gradients is not None) == bool(asked)


def test_members_stand_in_their_order() -> None:
    """By their numbers, not by when they came into the table."""
    runs = {}
    for number in (1, 0):
        words = [*IRIS, f"seed={number}"]
        config = configure(*words)
        prepared = prepare_data(config)
        rows = Dataset.of(prepared.encoded, torch.float32, torch.device("cpu"))
        runs[number] = Run.fresh(Job(config, values_of(*words), Path(), words), prepared, rows)
    stack = build_stack(runs, torch.device("cpu"))
    assert [member.seed for member in stack.members] == [0, 1]
