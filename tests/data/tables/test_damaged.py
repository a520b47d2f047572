"""What libraries say of damaged files is one line."""

from pathlib import Path

import pandas as pd
import pytest

from mlp_lab.data.tables.damaged import MESSAGE, one_line_of
from mlp_lab.errors import UserError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("as it is"), "as it is"),
        (MemoryError(), "t.csv needs more than the free memory: cut the table"),
        (pd.errors.EmptyDataError("no columns"), "t.csv is empty"),
        (ValueError("two\n lines"), "cannot read t.csv: two lines"),
        (KeyError(), "cannot read t.csv: KeyError"),
        (ValueError("x" * 1000), "cannot read t.csv: " + "x" * MESSAGE),
    ],
)
def test_one_line(error: Exception, line: str) -> None:
    """Of any error; what is said for a user stays."""
    with pytest.raises(UserError) as caught, one_line_of(Path("folder/t.csv")):
        raise error
    assert str(caught.value) == line
