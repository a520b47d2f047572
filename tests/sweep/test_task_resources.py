"""What a task has, by the settings of either cluster."""

import pytest
from sweeps import settings

from mlp_lab import errors


def test_of_which_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the engine; on this machine there are no tasks."""
    monkeypatch.setattr(errors, "find_spec", lambda name: name)
    assert settings().task is None
    slurm, ray = settings(engine="slurm").task, settings(engine="ray").task
    assert slurm is not None
    assert ray is not None
    assert (slurm.title, slurm.key, slurm.limit) == ("Slurm", "sweep.slurm", 60)
    assert (ray.title, ray.key, ray.limit) == ("Ray", "sweep.ray", None)
