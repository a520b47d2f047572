"""`mlp-lab rate`: what it prints, writes and refuses."""

import shlex
from pathlib import Path

import pytest
from lab import MLP_LAB, command, written

RATE = [*MLP_LAB, "rate"]


def test_a_rate_is_suggested(tmp_path: Path) -> None:
    """A line for each rate, the rule, a command that trains, and the picture's path."""
    words = ["data=iris", "model.width=4", "epochs=7", "--epochs", "2", "--rates", "1e-4,0.1"]
    done = command([*words, "-o", "here.png"], tmp_path, RATE)
    assert (done.returncode, done.stderr) == (0, "")
    head, low, high, conclusion, again, path = done.stdout.splitlines()
    assert head.split() == ["learning", "rate", "train", "loss", "val", "loss"]
    assert (low.split()[0], high.split()[0]) == ("0.0001", "0.1")
    assert conclusion.startswith("suggested learning rate: 0.1, of the lowest validation loss")
    assert shlex.split(again)[1:] == [
        *("train", "data=iris", "model.width=4", "epochs=7", "optimizer.lr=0.1")
    ]
    assert path == "here.png"
    assert (tmp_path / path).read_bytes().startswith(b"\x89PNG")
    trained = command([*shlex.split(again)[2:], "epochs=1", "quiet=true"], tmp_path)
    assert (trained.returncode, trained.stderr) == (0, "")


def test_by_default_it_is_drawn_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """Nothing is overwritten; a diverged rate says so."""
    words = ["data=iris", "optimizer=sgd", "--epochs", "1", "--rates", "0.1,1e30"]
    done = command(words, tmp_path, RATE)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[2].split()[1:] == ["diverged", "in", "epoch", "1"]
    assert (tmp_path / lines[-1]).name == "learning_rates.png"
    assert (tmp_path / lines[-1]).is_file()
    assert lines[-1].startswith("outputs")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["optimizer.lr=0.1"], "optimizer.lr is what is searched for: leave it out"),
        (["--epochs", "0"], "--epochs must be 1 or more, got 0"),
        (["--rates", "1,a"], "--rates must be numbers, separated by commas, got 1,a"),
        (["--rates", "2,1"], "--rates must be two or more positive rates, ascending"),
        (["data=irs"], "unknown data 'irs': did you mean 'iris'?"),
        (["seed=1,2"], "seed=1,2 gives several values"),
    ],
)
def test_bad_input_is_one_line(words: list[str], message: str, tmp_path: Path) -> None:
    done = command(words, tmp_path, RATE)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
    assert written(tmp_path) == set()
