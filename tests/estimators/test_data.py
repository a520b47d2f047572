"""What may be trained on."""

import pandas as pd
import pytest

from mlp_lab.errors import UserError
from mlp_lab.estimators.data import data_settings


def test_names_files_and_frames() -> None:
    assert data_settings("iris", None)["name"] == "iris"
    assert data_settings("a.csv", "b")["path"] == "a.csv"
    assert data_settings(pd.DataFrame(), "b")["path"] is None
    with pytest.raises(UserError, match="data must be a DataFrame, a file"):
        data_settings("table", None)
    with pytest.raises(UserError, match="got list"):
        data_settings([[1.0]], None)  # type: ignore[arg-type]
