"""Names from strangers: dollars, escape sequences, markup, letters that no encoding has."""

import csv
import random
from pathlib import Path

import pytest
from lab import MLP_LAB, TRAIN, command

COLUMNS = ("a\x1b[31mRED\x1b]0;pwned\x07\u202e", "$x^$ [bold] 列", "[red]y")
CLASSES = ("$10% to $20%", "中文 😀", "[red]no[/red]", "a\x1b[2J\u2066\nb")
RAW = [sign.encode() for sign in ("\x1b", "\x07", "\u202e", "\u2066")]


def table(path: Path) -> Path:
    """A table of such columns and classes."""
    chance = random.Random(1)  # noqa: S311
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for _ in range(120):
            rows.writerow([chance.random(), chance.random(), chance.choice(CLASSES)])
    return path


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_names_are_shown_and_nothing_is_lost(encoding: str, tmp_path: Path) -> None:
    """A run with its report, an evaluation and predictions, into any encoding."""
    table(tmp_path / "t.csv")
    words = ["data=table", "data.path=t.csv", "data.target='[red]y'", "model=shallow", "epochs=2"]
    wide = {"PYTHONIOENCODING": encoding, "COLUMNS": "200"}
    done = command([*words, "hydra.run.dir=run"], tmp_path, TRAIN, **wide)
    check(done.returncode, done.stdout, done.stderr)
    assert "\\x1b[31mRED\\x1b]0;pwned\\x07\\u202e" in done.stdout
    assert "[bold]" in done.stdout
    assert len(done.stderr.splitlines()) <= 1
    for name in ("report.html", "confusion.png", "importance.png"):
        assert (tmp_path / "run" / name).is_file()
    for name in ("report.html", "data_report.txt"):
        assert not any(sign in (tmp_path / "run" / name).read_bytes() for sign in RAW)
    for last in (["evaluate", "run", "t.csv"], ["predict", "run", "t.csv", "-o", "p.csv"]):
        done = command(last, tmp_path, MLP_LAB, PYTHONIOENCODING=encoding)
        check(done.returncode, done.stdout, done.stderr)


def check(status: int, out: str, errors: str) -> None:
    """A command went well, and no control character came out of it."""
    assert status == 0, errors
    assert "Traceback" not in errors
    assert "Glyph" not in errors
    assert not any(sign.decode() in out + errors for sign in RAW)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_sweep_gives_its_ranking(encoding: str, tmp_path: Path) -> None:
    words = ["-m", "data=iris", "model=shallow", "model.width=3,4", "seed=0,1,2", "epochs=3"]
    words += ["tracking.report=false", "hydra.sweep.dir=sweep"]
    done = command(words, tmp_path, TRAIN, PYTHONIOENCODING=encoding)
    check(done.returncode, done.stdout, done.stderr)
    assert "best: model.width=" in done.stdout


@pytest.mark.parametrize("name", ["x\x1b[31m", "x\ny", "\u202ex", "\udcff"])
def test_a_refusal_is_one_line(name: str, tmp_path: Path) -> None:
    """Whatever was typed."""
    for words in ([f"data={name}"], ["data=table", f"data.path='{name}.csv'"], [f"{name}=1"]):
        done = command(words, tmp_path, TRAIN, PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.isascii()
        assert line.isprintable()
