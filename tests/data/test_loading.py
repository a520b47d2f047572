"""A data set's settings -> its rows."""

from pathlib import Path

import numpy as np
import pytest
from lab import configure

from mlp_lab.data.catalogue import DATA
from mlp_lab.data.loading import load_rows


@pytest.mark.parametrize("name", [name for name in DATA if name != "table"])
def test_every_data_set_has_rows(name: str) -> None:
    """As many inputs as columns, and a target that its task can have."""
    raw = load_rows(configure(f"data={name}").data)
    assert raw.inputs.shape == (len(raw.target), len(raw.columns))
    assert len(np.unique(raw.target)) > 1
    if raw.target_columns[0].levels:
        assert set(raw.target) == set(range(len(raw.target_columns[0].levels)))


def test_a_file_has_rows(tmp_path: Path) -> None:
    """Of `data=table`."""
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{i / 7},{'ab'[i % 2]}\n" for i in range(10)))
    raw = load_rows(configure("data=table", f"data.path='{path}'", "data.target=y").data)
    np.testing.assert_allclose(raw.inputs[:, 0], np.arange(10) / 7)
    assert raw.target_columns[0].levels == ["a", "b"]
