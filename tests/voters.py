"""A small survey as a frame."""

import numpy as np
import pandas as pd


def voters(rows: int = 200) -> pd.DataFrame:
    """Columns of numbers and of words, some cells empty."""
    chance = np.random.default_rng(0)
    age = chance.integers(18, 90, rows).astype(float)
    frame = pd.DataFrame({"age": age, "town": chance.choice(["Ulm", "Rom", "Oslo"], rows)})
    frame["voted"] = np.where(age + 9 * chance.normal(size=rows) > 50, "yes", "no")
    frame.loc[chance.random(rows) < 0.1, "age"] = np.nan
    return frame
