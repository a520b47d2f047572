"""Networks within a time, by a clock that the test moves."""

from pathlib import Path

import pytest
import torch
from lab import configure, values_of

from mlp_lab.data.dataset import Dataset
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.runs.prepared_data import prepare_data
from mlp_lab.runs.search import INTERRUPTED, Found, Search, Standing

TABULAR = ("data=iris", "model=tabular", "budget=30s")


class Ticks:
    """A clock on which each look takes `step` seconds, and another after so many seconds."""

    def __init__(self, step: float, later: tuple[float, float] | None = None) -> None:
        self.now, self.step, self.later = 0.0, step, later

    def __call__(self) -> float:
        """Seconds so far."""
        if self.later is not None and self.now >= self.later[0]:
            self.step = self.later[1]
        self.now += self.step
        return self.now


def found(
    *words: str,
    step: float = 0.001,
    stop_after: int | None = None,
    later: tuple[float, float] | None = None,
) -> Found:
    """What is found on iris; `stop_after` epochs somebody asks to stop."""
    config, seen = configure(*words), list[Standing]()
    prepared = prepare_data(config)
    dataset = Dataset.of(prepared.encoded, getattr(torch, config.dtype), torch.device("cpu"))
    run = Run.fresh(Job(config, values_of(*words), Path(), words), prepared, dataset)
    return Search(
        run,
        torch.device("cpu"),
        Ticks(step, later),
        stopped=lambda: stop_after is not None and len(seen) >= stop_after,
        say=lambda plan, number: None,
        show=seen.append,
    ).found()


def test_halving_and_weights() -> None:
    """Half of the networks of a round stop at a rung; what is kept has weights that add to 1."""
    search = found(*TABULAR, "epochs=6", step=0.2)
    first = search.trials[:16]
    assert search.rounds >= 1
    assert sum(trial.ended == "stopped by halving at epoch 2" for trial in first) == 8
    assert sum(trial.ended == "stopped by halving at epoch 4" for trial in first) == 4
    assert sum(search.kept.weights.values()) == pytest.approx(1)
    assert search.leader.number == next(iter(search.kept.weights))
    assert search.seconds <= 30


def test_it_repeats_itself() -> None:
    """On the same clock, bit for bit."""
    words = (*TABULAR, "epochs=3")
    one, other = found(*words, step=0.5), found(*words, step=0.5)
    assert one.described(30) == other.described(30)
    assert torch.equal(one.kept.network.layers.flat, other.kept.network.layers.flat)


def test_what_is_given_is_held_fixed() -> None:
    """What is auto differs, and what was typed does not."""
    search = found(*TABULAR, "epochs=2", "optimizer.lr=0.003", step=0.3)
    changes = {key for trial in search.trials for key in trial.changes}
    assert "optimizer.weight_decay" in changes
    assert "optimizer.lr" not in changes
    assert {trial.config.optimizer.lr for trial in search.trials} == {0.003}


def test_seeds_alone() -> None:
    """Where nothing is auto, networks differ in their seeds; `ensemble` bounds how many stay."""
    search = found("data=iris", "model=shallow", "budget=9s", "epochs=3", "ensemble=3", step=0.1)
    assert all(not trial.changes for trial in search.trials)
    assert len({trial.config.seed for trial in search.trials}) == len(search.trials) > 3
    assert search.trials[0].config.seed == 0
    assert search.kept.network.members <= 3


def test_never_nothing() -> None:
    """A time that is over before the first epoch still gives one network of one epoch."""
    search = found("data=iris", "model=tabular", "budget=0.001s", step=10)
    assert [len(trial.records) for trial in search.trials] == [1]


def test_a_time_that_was_misjudged() -> None:
    """Epochs take longer than at first, or less: as many as fit are trained to their end."""
    slow, quick = (
        found(*TABULAR, "model.depth=1", step=0.5, later=later) for later in (None, (8, 0.2))
    )
    assert all(trial.finished for trial in (*slow.trials, *quick.trials))
    assert len(slow.trials[0].records) < 20
    assert len(quick.trials[0].records) > 25
    assert max(slow.seconds, quick.seconds) <= 30


def test_an_interruption_keeps_what_there_is() -> None:
    """After the epoch at hand."""
    search = found(*TABULAR, stop_after=3)
    assert search.ended == INTERRUPTED
    assert {len(trial.records) for trial in search.trials} == {3}
    assert search.kept.network.members >= 1


def test_networks_that_diverge() -> None:
    """If all do, the search ends with the first; no time is spent on more of them."""
    words = ("data=iris", "model=shallow", "optimizer=sgd", "optimizer.lr=1e30", "budget=9s")
    search = found(*words, "epochs=3", step=0.1)
    assert search.leader.progress.diverged is not None
    assert search.leader.outputs is None
    assert search.rounds == 1
