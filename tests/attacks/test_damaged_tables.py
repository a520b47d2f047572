"""Binary tables that were cut short or altered: one line that names the file, and no crash."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from lab import within

from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables import limits
from mlp_lab.data.tables.reading import read_chunks, read_table
from mlp_lab.errors import UserError

FRAME = pd.DataFrame({"a": np.arange(100.0), "t": list("ab") * 50, "y": [0, 1] * 50})

WRITERS: dict[str, Callable[[Path], object]] = {
    "t.feather": FRAME.to_feather,
    "t.parquet": FRAME.to_parquet,
    "t.dta": lambda path: FRAME.to_stata(path, write_index=False),
    "t.sav": lambda path: pyreadstat.write_sav(FRAME, str(path)),
    "t.zsav": lambda path: pyreadstat.write_sav(FRAME, str(path), compress=True),
    "t.xlsx": lambda path: FRAME.to_excel(path, index=False),
}


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_bytes(name: str, tmp_path: Path) -> None:
    """Cut anywhere, and with other bytes at both ends, where files describe themselves."""
    path = tmp_path / name
    WRITERS[name](path)
    whole, dice, found = path.read_bytes(), random.Random(name), []  # noqa: S311
    cases = [whole[: dice.randrange(1, len(whole))] for _ in range(15)]
    for _ in range(25):
        changed = bytearray(whole)
        places = [dice.randrange(min(400, len(whole))), -1 - dice.randrange(min(400, len(whole)))]
        for place in [dice.choice(places), dice.randrange(len(whole))]:
            changed[place] = dice.choice([0, 1, 127, 128, 255])
        cases.append(bytes(changed))
    for number, content in enumerate(cases):
        path.write_bytes(content)
        for read in (lambda: read_table(path, FileSettings()), pieces(path)):
            try:
                with within(10):
                    read()
            except UserError as error:
                if name not in str(error) or "\n" in str(error):
                    found.append(f"{number}: {error}")
            except Exception as error:
                found.append(f"{number}: {error!r}")
    assert found == []


def pieces(path: Path) -> Callable[[], object]:
    """As `predict` reads a file."""
    return lambda: list(read_chunks(path, FileSettings(), 30))


def test_a_feather_file_of_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its batches are counted as they come: the footer does not tell their rows."""
    path = tmp_path / "t.feather"
    FRAME.to_feather(path)
    monkeypatch.setattr(limits, "free_memory", lambda: 1000.0)
    with pytest.raises(UserError, match=r"^t\.feather has 100 rows of 3 columns, which take"):
        read_table(path, FileSettings())
