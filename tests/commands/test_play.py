"""`mlp-lab play`: what it refuses; tests/play has what it shows."""

from pathlib import Path

import pytest
from lab import call

from mlp_lab import errors
from mlp_lab.commands.main import main

pytest.importorskip("uvicorn")
pytest.importorskip("websockets")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port=70000"], "--port must be from 0 to 65535, got 70000"),
        (["--pages=0"], "--pages must be from 1 to 64, got 0"),
        (["--host=203.0.113.9"], "cannot listen at 203.0.113.9, port 0: "),
        (
            ["outputs/run"],
            "settings are written as key=value, and 'outputs/run' is no run's folder",
        ),
        (["optimizer.lr=-1"], "optimizer.lr must be positive, got -1.0"),
        (["optimizer.rl=1"], "unknown key 'optimizer.rl' (optimizer has lr, beta1, beta2"),
        (["seed=1,2", "epochs=1,2"], "one setting can have several values, got seed=1,2 and"),
        (["data=table", "data.path=none.csv", "data.target=y"], "data.path: no such file: 'none"),
        (["device=cuda"], "device must be cpu on a page, got cuda"),
        (["--browser"], "mlp-lab play: unknown option --browser"),
    ],
)
def test_refusals(words: list[str], message: str, tmp_path: Path) -> None:
    """One line each, before anything listens."""
    done = call(["play", "--no-browser", *words], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)


def test_without_its_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says how to get them."""
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    done = call(["play"], tmp_path, main, "mlp-lab")
    assert done.stderr == (
        "the live page needs Starlette and uvicorn and websockets: pip install 'mlp_lab[play]'\n"
    )
