"""The page that is kept is what `frontend/` builds."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lab import ROOT

FRONTEND = ROOT / "frontend"
PAGE = ROOT / "src" / "mlp_lab" / "play" / "page"
MODULES = FRONTEND / "node_modules"


@pytest.mark.skipif(not MODULES.is_dir(), reason="needs `npm install` in frontend/")
def test_the_page_is_built_from_its_sources(tmp_path: Path) -> None:
    """Byte for byte, by the versions that package.json names."""
    node = shutil.which("node")
    assert node is not None
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=FRONTEND, check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in PAGE.iterdir()}


def test_versions_are_exact() -> None:
    """Else the same sources would build another page; no file names a registry."""
    text = (FRONTEND / "package.json").read_text()
    assert "^" not in text
    assert "~" not in text
    assert (
        not (FRONTEND / "package-lock.json").exists()
        or "://" not in (FRONTEND / "package-lock.json").read_text()
    )
