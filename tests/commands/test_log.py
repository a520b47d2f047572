"""`mlp-lab log`: what it says and refuses; tests/sharing has what it writes."""

from pathlib import Path

import pytest
from lab import call

from mlp_lab.commands.main import main
from mlp_lab.sharing import trackers
from mlp_lab.sharing.trackers import Replay


def test_a_run(iris_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what went where."""
    given: list[tuple[Replay, str | None]] = []
    monkeypatch.setattr(trackers, "find_spec", lambda name: name)
    monkeypatch.setitem(trackers.TRACKERS, "mlflow", lambda *found: given.append(found))
    words = ["log", str(iris_run), "--to", "mlflow", "--uri=sqlite:///m.db", "--name=a"]
    done = call(words, tmp_path, main, "mlp-lab")
    ((run, uri),) = given
    assert (run.name, uri) == ("a", "sqlite:///m.db")
    assert done.stdout == f"a: {len(run.epochs)} epochs to mlflow, project mlp_lab\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to=wand"], "unknown service 'wand': did you mean 'wandb'?"),
        ([], "mlp-lab log: missing: --to"),
    ],
)
def test_refusals(words: list[str], message: str, iris_run: Path, tmp_path: Path) -> None:
    """One line each."""
    done = call(["log", str(iris_run), *words], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)
