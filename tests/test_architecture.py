"""The picture and the tables of docs/architecture.md say what is so."""

import re
import subprocess
import sys

from lab import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()


def test_the_picture_is_drawn_from_the_imports() -> None:
    """`python scripts/architecture.py` draws it anew."""
    script = ROOT / "scripts" / "architecture.py"
    done = subprocess.run([sys.executable, str(script), "--check"], check=False)
    assert done.returncode == 0


def test_every_file_is_there() -> None:
    """A name without a folder follows one in the same cell."""
    for row in re.findall(r"^\|(.+)\|$", TEXT, re.MULTILINE):
        folder = ""
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", row):
            folder = name.rpartition("/")[0] if "/" in name else folder
            path = f"{folder}/{name.rpartition('/')[2]}"
            roots = (ROOT, ROOT / "src", ROOT / "src" / "mlp_lab")
            assert any((root / path.lstrip("/")).exists() for root in roots), path
