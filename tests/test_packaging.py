"""The wheel holds all that the package needs, away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lab import ROOT

TRAINED = """
from pathlib import Path
import mlp_lab
print(Path(mlp_lab.__file__).parent.parent)
run = mlp_lab.train("iris", epochs=2)
print(mlp_lab.load(run.save("run")).predict([[5.1, 3.5, 1.4, 0.2]]))
print(mlp_lab.sweep("iris", width=[4, 8], epochs=1).conclusion)
"""


def pip_wheel(folder: Path) -> Path:
    """The wheel, unpacked into a folder."""
    words = ["pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", *words], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.slow
def test_the_wheel_trains(tmp_path: Path) -> None:
    """In Python and by its command, with a report and a sweep through Hydra's plugins."""
    installed = pip_wheel(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(installed)}

    def said(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert said("-c", TRAINED).startswith(f"{installed}\n")
    assert (tmp_path / "run" / "report.html").is_file()
    assert "best epoch" in said("-m", "mlp_lab", "train", "data=iris", "epochs=2")
    swept = said("-m", "mlp_lab", "train", "-m", "data=iris", "model.width=4,8", "epochs=1")
    assert "model.width" in swept
