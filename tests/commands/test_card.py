"""`mlp-lab card`: where the card goes."""

import shutil
from pathlib import Path

from lab import call

from mlp_lab.commands.main import main


def test_a_card(iris_run: Path, tmp_path: Path) -> None:
    """Into the run's folder, never over what is there, unless it is asked for."""
    folder = shutil.copytree(iris_run, tmp_path / "run")
    done = call(["card", "run"], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stdout) == (0, f"{Path('run') / 'README.md'}\n")
    text = (folder / "README.md").read_text()
    (folder / "README.md").write_text("mine")
    done = call(["card", "run"], tmp_path, main, "mlp-lab")
    assert done.returncode == 1
    assert done.stderr.endswith("is there already: --force replaces it, -o names another\n")
    assert (folder / "README.md").read_text() == "mine"
    call(["card", "run", "--force"], tmp_path, main, "mlp-lab")
    call(["card", "run", "-o", "card.md"], tmp_path, main, "mlp-lab")
    assert (folder / "README.md").read_text() == (tmp_path / "card.md").read_text() == text
