"""`mlp-lab init`: where the file goes, and what is wrong with its words, in one line."""

from pathlib import Path

import pandas as pd
import pytest
from lab import call

from mlp_lab.commands.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table, a file of settings that is there, and a folder."""
    frame = pd.DataFrame({"a": [3, 1, 4, 1] * 10, "b": [1, 5, 2, 8] * 10, "y": ["p", "q"] * 20})
    frame.to_csv(tmp_path / "t.csv", index=False)
    (tmp_path / "mine.yaml").write_text("mine")
    (tmp_path / "there").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("nowhere.csv --target y", "no such file: 'nowhere.csv'"),
        ("there --target y", "a folder without a .parquet file: 'there'"),
        ("t.csv", "--target is missing: choose a column of t.csv: a, b, y"),
        ("t.csv --target yy", "--target yy: no such column in t.csv: did you mean 'y'? (a, b, y)"),
        ("t.csv --target y -o mine.yaml", "mine.yaml is there already: --force replaces it, -o "),
        ("t.csv --target y -o there", "--output must be a file whose name ends in .yaml, got "),
        ("t.csv --target y -o y.txt", "--output must be a file whose name ends in .yaml, got "),
        ("t.csv --target y -o no/y.yaml", "cannot write no/y.yaml: there is no folder no"),
        ("t.csv --target y -o train.yaml", "train.yaml: the program's own settings are in train."),
        ("t.csv y", "mlp-lab init reads one table, got y, too: --target names a column"),
        ("t.csv --target y epochs=3", "a setting of the data is typed as data.missing=[99], got "),
        ("t.csv --target y data.missing=[", "a setting of the data is typed as data.missing=[99]"),
        ("t.csv --target y data.path=u.csv", "data.path is what FILE says: leave it out"),
        ("t.csv data.target=y", "data.target is what --target says: leave it out"),
        ("t.csv --target y data.drop=[c]", "data.drop: c: no such column in t.csv"),
        ("--target y", "mlp-lab init: missing: FILE (--help says more)"),
    ],
)
def test_bad_words(words: str, line: str, folder: Path) -> None:
    """Status 1, one line, and nothing is written."""
    before = sorted(folder.iterdir())
    done = call(["init", *words.split()], folder, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
    assert sorted(folder.iterdir()) == before
    assert (folder / "mine.yaml").read_text() == "mine"


def test_its_place(folder: Path) -> None:
    """Beside where one is, named as the table; over another one only by --force."""
    done = call(["init", "t.csv", "--target", "y"], folder, main, "mlp-lab")
    assert done.stdout.splitlines() == ["t.yaml: 2 columns, 0 proposals", "mlp-lab train t.yaml"]
    call(["init", "t.csv", "--target", "y", "-o", "mine.yaml", "--force"], folder, main, "mlp-lab")
    own = (folder / "mine.yaml").read_text()
    assert own.replace("mine.yaml", "t.yaml") == (folder / "t.yaml").read_text()
