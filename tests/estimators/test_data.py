"""What may be trained on."""

from pathlib import Path

import pandas as pd
import pytest

from mlp_lab.errors import UserError
from mlp_lab.estimators.data import data_settings


def test_names_files_and_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is a file, too, unless it has the name of a data set."""
    for name in ("iris", "parts"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert data_settings("parts", "b")["path"] == "parts"
    assert data_settings(Path("iris"), "b")["path"] == "iris"
    assert data_settings("iris", None)["name"] == "iris"
    assert data_settings("a.csv", "b")["path"] == "a.csv"
    assert data_settings(pd.DataFrame(), "b")["path"] is None
    with pytest.raises(UserError, match="data must be a DataFrame, a file"):
        data_settings("table", None)
    with pytest.raises(UserError, match="got list"):
        data_settings([[1.0]], None)  # type: ignore[arg-type]
