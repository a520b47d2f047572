"""A stack as another process has it."""

from pathlib import Path

import pytest
import torch
from lab import BARE, stack_of_runs
from surveys import survey
from surveys import written as save
from together import in_each

from mlp_lab.engine.fit import fit
from mlp_lab.engine.ranks import Ranks
from mlp_lab.engine.stack import Stack
from mlp_lab.runs.hand_over import device_of, handed_over, taken_over

CPU = torch.device("cpu")


STREAMED = ("data=table", "data.path=survey.csv", "data.target=voted", "data.stream=always")


@pytest.mark.parametrize(
    "words",
    [
        STREAMED,
        ("data=iris", "loss.label_smoothing=0.1", "data.class_weights=balanced"),
        ("data=diabetes", "loss=huber", "schedule=plateau", "model.embedding=piecewise"),
        ("data=iris", "averaging.kind=ema", "ensemble=2", "optimizer=sgd"),
    ],
)
def test_what_is_taken_over_is_what_was_handed_over(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, weights, moments and place in the training: both go on to the same weights."""
    monkeypatch.chdir(tmp_path)
    save(survey(), tmp_path)  # survey.csv
    wanted = (*words, "model=shallow", "model.width=4", "device=cpu", "kernel=torch", *BARE)
    stack, runs = stack_of_runs(tmp_path, [*wanted, "epochs=4"])
    epochs = fit(stack)
    next(epochs)
    text, tensors = handed_over(runs[0], stack)

    def theirs(ranks: Ranks) -> Stack:
        return taken_over(text, tensors, device_of(text, 0), ranks)

    (other,) = in_each(1, theirs)
    assert other.train.on_disk == (words == STREAMED)
    assert other.epoch == stack.epoch == 1
    assert torch.equal(other.network.layers.flat, stack.network.layers.flat)
    for _ in fit(other):
        pass
    for _ in epochs:
        pass
    assert other.network.layers.flat.allclose(stack.network.layers.flat, rtol=1e-4, atol=1e-6)
