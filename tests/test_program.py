"""The words that start another command, from where the first one was typed."""

import sys
from pathlib import Path

import pytest
from lab import ROOT, command

from mlp_lab.program import train_words


@pytest.mark.parametrize(
    ("typed", "here", "words"),
    [
        ("/usr/bin/mlp-lab", ".", "mlp-lab train"),
        ("train.py", ".", "python train.py"),
        ("../train.py", "tests", "python ../train.py"),
        (str(ROOT / "train.py"), "tests", f"python {ROOT / 'train.py'}"),
        ("scripts/compare.py", ".", "python train.py"),
        ("compare.py", "scripts", "python ../train.py"),
        (str(ROOT / "src" / "mlp_lab" / "__main__.py"), "tests", "python -m mlp_lab train"),
        ("-c", ".", "python train.py"),
        ("mine.py", ".", "python train.py"),
    ],
)
def test_words_that_start_a_training(
    typed: str, here: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the program that runs was called, so that they can be pasted where it was."""
    monkeypatch.chdir(ROOT / here)
    monkeypatch.setattr(sys, "argv", [typed])
    assert " ".join(train_words()) == words


def test_a_path_with_a_space(tmp_path: Path) -> None:
    """Stands in quotes where a shell wants them."""
    lab = tmp_path / "my lab"
    lab.symlink_to(ROOT)
    done = command(["--help"], tmp_path, [sys.executable, "my lab/train.py"])
    assert "python 'my lab/train.py' model=deep" in done.stdout
