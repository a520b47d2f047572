"""`--import FILE`."""

import json
from pathlib import Path

import pytest
from lab import command

PARTS = """\
import mlp_lab
mlp_lab.register_activation("sine", lambda f: f.sin(), lambda f, h: f.cos())
mlp_lab.register_optimizer("signs", lambda p, g, *, lr, t: p.sub_(lr * g.sign()), lr=0.002)
"""


def test_parts_of_ones_own_by_name(tmp_path: Path) -> None:
    """In a run, in the workers of a sweep, and in the commands that are printed."""
    (tmp_path / "parts.py").write_text(PARTS)
    words = ["--import", "parts.py", "data=iris", "model.activation=sine", "epochs=2"]
    done = command([*words, "optimizer=signs", "hydra.run.dir=run"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--import parts.py" in done.stdout
    schema = json.loads((tmp_path / "run" / "schema.json").read_text())
    assert schema["network"]["activations"] == ["sine"] * 3
    swept = command(["-m", *words, "optimizer=signs,adam", "hydra.sweep.dir=swept"], tmp_path)
    assert swept.returncode == 0, swept.stderr
    assert "optimizer=signs" in (tmp_path / "swept" / "sweep.json").read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = (", "--import parts.py, line 1: SyntaxError: '(' was never closed"),
        ("\n1 / 0", "--import parts.py, line 2: ZeroDivisionError: division by zero"),
        (PARTS.replace("sine", "relu"), "--import parts.py: activation 'relu' is there already"),
        (None, "--import needs a Python file, got 'parts.py'"),
    ],
)
def test_files_that_fail(content: str | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "parts.py").write_text(content)
    done = command(["--import=parts.py", "data=iris"], tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
