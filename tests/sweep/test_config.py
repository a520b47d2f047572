"""Settings of sweeps and searches that cannot be."""

import pytest
from sweeps import settings

from mlp_lab import errors
from mlp_lab.errors import UserError
from mlp_lab.sweep.config import SearchConfig, require_optuna, unread_words


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("processes", 0, "sweep.processes must be 1 or more, or null, got 0"),
        ("memory", 0.0, "sweep.memory must be positive, or null, got 0.0"),
        ("members", 0, "sweep.members must be 1 or more, got 0"),
        ("halving", 1, "sweep.halving must be 2 or more, or null, got 1"),
        ("first_rung", 0, "sweep.first_rung must be 1 or more, got 0"),
        ("brackets", 0, "sweep.brackets must be 1 or more, got 0"),
        ("memory", 1e300, "sweep.memory must be at most 1,048,576, or null, got 1e+300"),
        ("brackets", 10**9, "sweep.brackets must be at most 100, got 1000000000"),
        ("engine", "slrum", "unknown sweep.engine 'slrum': did you mean 'slurm'? (local, ray,"),
        ("detach", True, "sweep.detach=true leaves a sweep to a cluster: it needs sweep.engine="),
        ("select", "los", "unknown sweep.select 'los': did you mean 'loss'?"),
    ],
)
def test_settings_that_cannot_be(key: str, value: object, rule: str) -> None:
    """The key, the rule and the value."""
    with pytest.raises(UserError) as refusal:
        settings(**{key: value})
    assert str(refusal.value).startswith(rule)


def test_on_a_cluster() -> None:
    """Processes are a task's, and somebody must be there to judge."""
    rule = (
        r"^sweep\.processes must be at most the 1 of sweep\.slurm\.cpus_per_task, or null, got 2$"
    )
    with pytest.raises(UserError, match=rule):
        settings(engine="slurm", processes=2)
    with pytest.raises(UserError, match=r"^sweep\.halving judges jobs while they train"):
        settings(engine="slurm", halving=2, detach=True)
    with pytest.raises(UserError, match="tasks of Ray end with their command"):
        settings(engine="ray", detach=True)
    with pytest.raises(UserError, match=r"at most the 1 of sweep\.ray\.cpus_per_task"):
        settings(engine="ray", processes=2)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ((0, 1, "tpe", 0), "hydra.sweeper.n_trials must be 1 or more, got 0"),
        ((1, 0, "tpe", 0), "hydra.sweeper.batch must be 1 or more, got 0"),
        ((1, 1, "tpe", -1), "hydra.sweeper.seed must be 0 or more, got -1"),
        ((1, 1, "cmaes", 0), "unknown hydra.sweeper.sampler 'cmaes' (gp, random, tpe)"),
        ((10**9, 1, "tpe", 0), "hydra.sweeper.n_trials must be at most 100,000, got 1000000000"),
        ((1, 10**9, "tpe", 0), "hydra.sweeper.batch must be at most 100,000, got 1000000000"),
        ((1, 1, "tpe", 2**63), "hydra.sweeper.seed must be at most 9,223,372,036,854,775,807, got"),
        ((1, 1, "tep", 0), "unknown hydra.sweeper.sampler 'tep': did you mean 'tpe'?"),
    ],
)
def test_searches_that_cannot_be(values: tuple[int, int, str, int], rule: str) -> None:
    """As they are typed."""
    with pytest.raises(UserError) as refusal:
        SearchConfig(*values)
    assert str(refusal.value).startswith(rule)


def test_what_a_sampler_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing package and what installs it."""
    require_optuna()
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs optuna: pip install 'mlp_lab"):
        require_optuna()


def test_what_a_sweep_does_not_read() -> None:
    """Settings of another engine, and of halving where nothing is halved; what is read is not."""
    words = ["seed=0,1", "sweep.slurm.time=1:00:00", "+sweep.ray.address=auto", "sweep.brackets=2"]
    assert unread_words(settings(), words) == [
        "sweep.brackets=2 changes nothing: it needs sweep.halving",
        "sweep.ray.address=auto changes nothing: it needs sweep.engine=ray",
        "sweep.slurm.time=1:00:00 changes nothing: it needs sweep.engine=slurm",
    ]
    read = settings(engine="slurm", halving=2)
    assert unread_words(read, [words[1], words[3], "sweep.members=8"]) == []
