"""What may be asked of Ray, and what may not."""

import pytest
from sweeps import ray_values, settings

from mlp_lab import errors
from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.sweep.ray_config import RayConfig, require_ray


def ray(**changes: object) -> RayConfig:
    """Settings of tasks."""
    return read(RayConfig, ray_values(**changes), "sweep.ray")


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("address", "somewhere", "local, auto, or host:port, got 'somewhere'"),
        ("address", "http://a:1/x y", "local, auto, or host:port, got "),
        ("cpus_per_task", 0, "1 or more, got 0"),
        ("gpus_per_task", 1.5, "a part of one, or a whole number up to 64, got 1.5"),
        ("gpus_per_task", -1, "a part of one, or a whole number up to 64, got -1"),
        ("memory", 0.0, "positive and at most 16,384, or null, got 0.0"),
        ("tasks", 0, "1 or more, got 0"),
        ("task_minutes", 0.0, "positive and at most 10,080, got 0.0"),
    ],
)
def test_what_cannot_be(key: str, value: object, rule: str) -> None:
    """The key, the rule and the value, in one line."""
    with pytest.raises(UserError) as refusal:
        ray(**{key: value})
    assert str(refusal.value).startswith(f"sweep.ray.{key} must be {rule}")
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    "address", ["local", "auto", "10.0.0.1:6379", "ray://head.cluster:10001", "[::1]:6379"]
)
def test_where_ray_is(address: str) -> None:
    """Of this machine, or where it listens."""
    assert ray(address=address).starts_its_own == (address == "local")


def test_what_a_task_has() -> None:
    """A part of a GPU is one."""
    task = ray(gpus_per_task=0.25, cpus_per_task=2, memory=3, tasks=5).task
    assert (task.gpu, task.cores, task.gigabytes, task.most) == (True, 2, 3, 5)
    assert task.limit is None
    assert not ray().task.gpu


def test_a_misspelt_way_of_files() -> None:
    """With the nearest."""
    with pytest.raises(UserError, match=r"unknown sweep\.ray\.files 'share': did you"):
        ray(files="share")


def test_what_this_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library, or cores; a cluster may have them."""
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"needs Ray: pip install 'mlp_lab\[ray\]'"):
        settings(engine="ray")
    monkeypatch.setattr(errors, "find_spec", lambda name: name)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with pytest.raises(UserError, match="at most the 2 cores of this machine"):
        require_ray(ray(cpus_per_task=3))
    require_ray(ray(cpus_per_task=3, address="auto"))
