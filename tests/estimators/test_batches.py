"""Jobs of several fits."""

import pytest
import torch

import mlp_lab
from mlp_lab.estimators import batches


def test_a_stack_that_fails_says_so_of_each_member(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("no more")

    monkeypatch.setattr(batches, "train", fail)
    swept = mlp_lab.sweep("iris", seed=[0, 1], epochs=1)
    with pytest.raises(Exception, match=r"memory|no more"):
        swept[0]


def test_members_are_the_networks_that_they_are_alone() -> None:
    """In double precision, to rounding."""
    swept = mlp_lab.sweep("iris", width=[3, 5], seed=[0, 1], epochs=3, dtype="float64")
    for place, (width, seed) in enumerate([(3, 0), (3, 1), (5, 0), (5, 1)]):
        alone = mlp_lab.train("iris", width=width, seed=seed, epochs=3, dtype="float64")
        difference = (alone.curves - swept[place].curves).drop(columns="seconds").abs()
        assert difference.max().max() < 1e-9
