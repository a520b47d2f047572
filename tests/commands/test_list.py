"""`mlp-lab list`: a table, lines where it is narrow, JSON, and what it refuses."""

import json
from pathlib import Path

import pytest
from lab import BARE, call, train

from mlp_lab.commands import list as listing

WORDS = ("data=iris", "model=shallow", "epochs=1", *BARE)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Where two runs were trained."""
    train(tmp_path / "outputs" / "one", *WORDS, "name='[first] try'", "tags=[x]")
    train(tmp_path / "outputs" / "two", *WORDS)
    return tmp_path


def said(folder: Path, *words: str, **environment: str) -> str:
    """What the command prints."""
    done = call(words, folder, listing.main, "mlp-lab list", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_table(outputs: Path) -> None:
    """A line for each; a name is no markup; no column that nobody needs."""
    head, *lines = said(outputs, COLUMNS="200").splitlines()
    assert head.split() == [
        "time",
        "data",
        "model",
        "validation",
        "verdict",
        "name",
        "tags",
        "folder",
    ]
    assert len(lines) == 2
    assert any("[first] try" in line and "outputs/one" in line for line in lines)
    assert "tags" not in said(outputs, "outputs/two", COLUMNS="200").splitlines()[0].split()


def test_a_narrow_terminal(outputs: Path) -> None:
    """The folder in a line of its own, to be copied, and then the rest."""
    lines = said(outputs, COLUMNS="40").splitlines()
    assert {"outputs/one", "outputs/two"} <= set(lines)
    assert "[first] try" in " ".join(lines)


def test_some_of_them(outputs: Path) -> None:
    """The newest, or those with a tag; JSON has every fact of them."""
    assert said(outputs, "--last", "1").endswith("and 1 older; --last 2 shows all\n")
    (found,) = json.loads(said(outputs, "--json", "--tag", "x"))
    assert found["folder"] == "outputs/one"
    assert found["name"] == "[first] try"
    assert said(outputs, "--tag", "y") == "nothing has the tag y\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nowhere"], "no such folder: 'nowhere'"),
        (["--last", "0"], "--last must be 1 or more, got 0"),
        (
            ["--lst"],
            "mlp-lab list: unknown option --lst: did you mean '--last'? (--help says more)",
        ),
    ],
)
def test_bad_input_is_one_line(words: list[str], line: str, tmp_path: Path) -> None:
    done = call(words, tmp_path, listing.main, "mlp-lab list")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [line]
