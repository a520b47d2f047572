"""Rows of which several columns are predicted at once."""

from pathlib import Path

import numpy as np
import pandas as pd
from surveys import written

ROWS = 120


def pupils(rows: int = ROWS) -> pd.DataFrame:
    """Two scores in units far apart, and two labels, that follow from three numbers."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 3))
    noise = 0.2 * generator.normal(size=(rows, 4))
    return pd.DataFrame(
        {
            **{name: x[:, i] for i, name in enumerate(("a", "b", "c"))},
            "math": 500 + 100 * (x[:, 0] + noise[:, 0]),
            "reading": 2 + 0.01 * (x[:, 1] + noise[:, 1]),
            "voted": np.where(x[:, 0] + noise[:, 2] > 0.3, "yes", "no"),
            "member": (x[:, 1] * x[:, 2] + noise[:, 3] > 0.2).astype(int),
        }
    )


NUMBERS = ("data.target=[math,reading]", "data.drop=[voted,member]")
LABELS = ("data.target=[voted,member]", "data.drop=[math,reading]")


def words(folder: Path, *overrides: str) -> list[str]:
    """A command line of a small network on them."""
    path = folder / "survey.csv"
    if not path.is_file():
        written(pupils(), folder)
    return ["data=table", f"data.path={path}", "model=shallow", "model.width=8", *overrides]
