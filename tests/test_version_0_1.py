"""Runs that version 0.1.0 left behind: resumed, used and compared, under their former keys."""

import csv
import shutil
from pathlib import Path

import pytest
from lab import MLP_LAB, command

FOLDERS = Path(__file__).with_name("version_0_1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what was left: a table's run and its file, an iris run, a sweep's four."""
    return shutil.copytree(FOLDERS, tmp_path / "kept")


@pytest.mark.parametrize(
    ("run", "train_loss", "lr"),
    [("table", 0.6983669575017232, 0.001), ("step", 1.342136989290617, 0.00025)],
)
def test_a_run_is_resumed(run: str, train_loss: float, lr: float, folder: Path) -> None:
    """To the numbers that the version of its beginning would have reached."""
    done = command([f"resume={run}", "epochs=6"], folder)
    assert (done.returncode, done.stderr) == (0, "")
    *_, last = csv.DictReader((folder / run / "curves.csv").read_text().splitlines())
    assert float(last["train_loss"]) == pytest.approx(train_loss, rel=1e-5)
    assert float(last["lr"]) == lr
    saved = (folder / run / "config.yaml").read_text()
    assert "rise:" not in saved
    assert "every:" not in saved
    again = command([f"resume={run}", "epochs=7"], folder)  # its settings are still its own
    assert (again.returncode, again.stderr) == (0, "")


def test_a_run_predicts(folder: Path) -> None:
    """The same probabilities."""
    done = command(["predict", "table", "survey.csv", "-o", "p.csv"], folder, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader((folder / "p.csv").read_text().splitlines()))
    assert [row["prediction"] for row in rows[:3]] == ["no", "no", "yes"]
    found = [float(row["probability_yes"]) for row in rows[:3]]
    assert found == pytest.approx([0.4330176711, 0.3692694008, 0.6075493693], rel=1e-6)


def test_runs_are_compared(folder: Path) -> None:
    """By the key's name of now."""
    done = command(["compare", "sweep"], folder, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    assert "schedule.warmup_epochs=1" in done.stdout
    assert "rise" not in done.stdout


def test_a_former_key_says_its_name_of_now(tmp_path: Path) -> None:
    """On the command line and in a file of one's own."""
    said = "schedule.rise is now schedule.warmup_epochs; the former name works in this version\n"
    words = ["data=iris", "epochs=3", "schedule=warmup", "quiet=true", "tracking.report=false"]
    done = command([*words, "schedule.rise=2", "hydra.run.dir=a"], tmp_path)
    assert (done.returncode, done.stderr) == (0, said)
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /schedule: warmup\nschedule:\n  rise: 2\n"
    )
    words[2:3] = ["experiment=mine"]
    done = command(["--config-dir", ".", *words, "hydra.run.dir=b"], tmp_path)
    assert (done.returncode, done.stderr) == (0, said)
    configs = [(tmp_path / run / "config.yaml").read_text() for run in "ab"]
    assert all("warmup_epochs: 2" in text for text in configs)
