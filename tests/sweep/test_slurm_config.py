"""What may be asked of Slurm, and what may not."""

import pytest
from sweeps import settings, slurm_values

from mlp_lab import errors
from mlp_lab.config.reading import read
from mlp_lab.errors import UserError
from mlp_lab.sweep.slurm_config import SlurmConfig, require_submitit


def slurm(**changes: object) -> SlurmConfig:
    """Settings of tasks."""
    return read(SlurmConfig, slurm_values(**changes), "sweep.slurm")


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("partition", "a b", "one word, as sbatch takes it, or null, got 'a b'"),
        ("account", "a\n#SBATCH --wrap=b", "one word, as sbatch takes it, or null, got "),
        ("qos", "", "one word, as sbatch takes it, or null, got ''"),
        ("constraint", "$(id)", "one word, as sbatch takes it, or null, got '$(id)'"),
        ("gres", "gpu:1;", "one word, as sbatch takes it, or null, got 'gpu:1;'"),
        ("time", "7200", "hours:minutes:seconds in quotes, as '2:00:00' or '1-12:00:00', got "),
        ("time", "0:00:00", "a minute or more, got '0:00:00'"),
        ("cpus_per_task", 0, "1 or more, got 0"),
        ("cpus_per_task", 4096, "at most 1,024, got 4096"),
        ("memory", 0.0, "positive and at most 16,384, or null, got 0.0"),
        ("array_parallelism", 0, "1 or more, got 0"),
        ("array_parallelism", 5000, "at most 1,000, got 5000"),
        ("task_minutes", 0.0, "positive and at most 10,080, got 0.0"),
        ("setup", ["module load python\nid"], "lines of shell, got "),
        ("setup", [" "], "lines of shell, got ' '"),
        ("python", "", "lines of shell, got ''"),
        ("extra", ["exclusive"], "options of sbatch, as --exclusive or --mail-type=END, got "),
        ("extra", ["--array=1-9"], "without --array, which the sweep sets, got '--array=1-9'"),
    ],
)
def test_what_cannot_be(key: str, value: object, rule: str) -> None:
    """The key, the rule and the value, in one line."""
    with pytest.raises(UserError) as refusal:
        slurm(**{key: value})
    assert str(refusal.value).startswith(f"sweep.slurm.{key} must be {rule}")
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("time", "minutes"),
    [("2:00:00", 120), ("0:00:30", 1), ("0:01:01", 2), ("1-12:00:00", 2160), ("36:00:00", 2160)],
)
def test_a_limit_of_time(time: str, minutes: int) -> None:
    """In minutes, rounded up."""
    assert slurm(time=time).minutes == minutes


def test_options() -> None:
    """By name; what has no value is switched on."""
    assert slurm(partition="gpu", qos="low").words == {"partition": "gpu", "qos": "low"}
    assert slurm(extra=["--exclusive", "--mail-type=END"]).options == {
        "exclusive": True,
        "mail-type": "END",
    }


def test_the_package_that_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name, and what installs it; nobody else needs it."""
    require_submitit()
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    settings()
    with pytest.raises(UserError, match="needs submitit: pip install 'mlp_lab"):
        settings(engine="slurm")
