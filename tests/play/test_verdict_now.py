"""The verdict of a page is that of a run which ended there."""

import shlex
from pathlib import Path

import yaml
from lab import train
from played import session

from mlp_lab.play.verdict_now import verdict_now


def test_it_is_the_verdict_of_the_run(tmp_path: Path) -> None:
    """Word for word: the run is that of the command that the page gives."""
    found = session("data.rows=120", "optimizer.lr=0.05")
    assert verdict_now(found, 0) == []
    while found.train_epoch():
        pass
    lines = verdict_now(found, 0)
    words = shlex.split(found.command(0)[0])[2:]
    folder = train(tmp_path / "run", *words, "quiet=true", "tracking.report=false")
    verdict = yaml.safe_load((folder / "result.json").read_text())["verdict"]
    assert lines[0] == verdict["words"]
    assert not [line for line in lines if "resume=" in line]


def test_a_network_that_diverged() -> None:
    found = session("optimizer=sgd", "data=diabetes", "loss=mse", "optimizer.lr=1e6")
    while found.train_epoch():
        pass
    (line,) = verdict_now(found, 0)
    assert line.startswith("diverged: the loss was no longer finite by epoch")
