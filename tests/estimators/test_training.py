"""Stacks in memory, and the process they train in."""

import os
import signal

import pytest
import torch

import mlp_lab
from mlp_lab.engine import stack
from mlp_lab.errors import UserError


def test_torch_is_left_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    mlp_lab.train("iris", epochs=1)
    assert torch.get_num_threads() == 2
    assert float(torch.tensor(1e-40) * 1) > 0  # subnormal numbers are numbers again
    torch.set_num_threads(before)


def test_ctrl_c_ends_at_an_epoch_and_leaves_what_was_learnt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    epoch = stack.Stack.train_epoch

    def interrupted(self: stack.Stack) -> torch.Tensor:
        if self.epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return epoch(self)

    monkeypatch.setattr(stack.Stack, "train_epoch", interrupted)
    run = mlp_lab.train("iris", epochs=50)
    assert len(run.curves) == 3
    assert run.status == "stopped"
    assert "(interrupted)" in repr(run)


def test_any_score_chooses_the_best_epoch() -> None:
    """As the keyword names it; another one is refused, with those that there are."""
    run = mlp_lab.train("iris", monitor="brier", epochs=4, lr=0.1, depth=1, width=4)
    assert run.best_epoch == run.curves["val_brier"].idxmin()
    with pytest.raises(UserError, match=r"monitor=r2 is no score .*: it reports loss, "):
        mlp_lab.train("iris", monitor="r2", epochs=1)
