"""`mlp-lab surface`: what it prints, draws and refuses."""

import re
from pathlib import Path

import pytest
from lab import MLP_LAB, command

from mlp_lab.plain import read_as
from mlp_lab.stored import read_json

SURFACE = [*MLP_LAB, "surface"]


def test_a_run(iris_run: Path, tmp_path: Path) -> None:
    """The loss of its training rows in the middle, and a picture."""
    words = [str(iris_run), "--points", "5", "--reach", "0.5", "-o", "here.png"]
    done = command(words, tmp_path, SURFACE)
    assert (done.returncode, done.stderr) == (0, "")
    line, path = done.stdout.splitlines()
    result = read_as(dict[str, object], read_json(iris_run / "result.json", megabytes=4))
    trained = read_as(dict[str, object], result["train"])["loss"]
    assert isinstance(trained, float)
    found = re.match(r"training loss (\S+) of (\d+) rows; on a grid of 5 x 5 points", line)
    assert found is not None
    assert float(found[1]) == pytest.approx(trained, rel=1e-3)
    assert path == "here.png"
    assert (tmp_path / path).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none"], "none holds no finished run: it has no model.safetensors"),
        (["none", "--points", "4"], "--points must be an odd number from 3 to 201, so that"),
        (["none", "--reach", "0"], "--reach must be in (0, 1e6], got 0"),
        (["none", "--seed", "-1"], "--seed must be 0 or more, got -1"),
    ],
)
def test_bad_input_is_one_line(words: list[str], message: str, tmp_path: Path) -> None:
    done = command(words, tmp_path, SURFACE)
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1
