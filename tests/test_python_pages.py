"""What the pages show of Python runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from lab import ROOT

BEFORE = """
import matplotlib
matplotlib.use("agg")
from voters import voters
from sklearn.datasets import load_iris
df, (X, y) = voters(300), load_iris(return_X_y=True)
new_rows = df.head()
rows = [[0.0] * 64]
"""
"""What a reader has at hand."""


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_blocks_of_python(page: str, tmp_path: Path) -> None:
    """One after the other, as in a notebook."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks
    program = "\n".join([BEFORE, *(block for block in blocks if "outputs/2026" not in block)])
    path = f"{ROOT / 'tests'}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({path!r})\n{program}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
