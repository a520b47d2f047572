"""The data report as a person reads it."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from mlp_lab.data.columns import Dropped
from mlp_lab.data.tables.data_report import ColumnSummary, DataReport
from mlp_lab.data.tables.printing import DATA_REPORT, give_report, print_report
from mlp_lab.terminal import Screen

REPORT = DataReport(
    note="CSV",
    rows={"train": 1000, "val": 1, "test": 10},
    targets={"voted": "no 60.0%, yes 40.0%"},
    task="binary",
    weight="w",
    columns=[
        ColumnSummary("age", "numeric", 0.25, "18 to 90", 2, leakage=False),
        ColumnSummary("bal lot", "binary", 0.0, "cast 40.0%", 1, leakage=True),
    ],
    dropped=[Dropped("id", "identifier")],
    warnings=["a warning"],
    copies={"val": 1, "test": 0},
    repeats={"inches": "cm"},
    inputs=3,
)


def test_what_is_said() -> None:
    """Columns, what is not read, warnings, and names as they can be pasted."""
    file = StringIO()
    print_report(Screen(file, 110), REPORT)
    said = file.getvalue().splitlines()
    assert said[:5] == [
        "CSV",
        "1,011 rows: 1,000 train, 1 val, 10 test",
        "voted (binary): no 60.0%, yes 40.0%",
        "rows are weighted by w",
        "2 columns (1 numeric, 1 binary) make 3 inputs",
    ]
    assert said[-5:] == [
        "not read: id (identifier)",
        "a warning",
        "1 of the 1 val row repeats a training row",
        "inches repeats cm under other names or in another unit",
        "possible target leakage: bal lot alone almost determines voted; data.drop=['bal lot']"
        " leaves it out",
    ]
    assert any(line.split()[:4] == ["age", "numeric", "25.0%", "2"] for line in said)


def test_a_quiet_run_only_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into its folder."""
    give_report(REPORT, tmp_path, quiet=True)
    assert capsys.readouterr().out == ""
    assert "possible target leakage" in (tmp_path / DATA_REPORT).read_text()
    give_report(REPORT, tmp_path, quiet=False)
    assert "possible target leakage" in capsys.readouterr().out


def test_a_leak_that_is_all_there_is_stays() -> None:
    """No command is printed that would end in an error."""
    for columns, sums, words in (
        (REPORT.columns[1:], [], "possible target leakage: bal lot alone almost determines voted"),
        (
            REPORT.columns[:1] * 2,
            [["age", "b"]],
            "possible target leakage: age and b together almost determine voted;"
            " data.drop=[age,b] leaves them out",
        ),
    ):
        left = columns if not sums else [*columns, REPORT.columns[0]]
        file = StringIO()
        print_report(
            Screen(file, 110), replace(REPORT, columns=left, leaking_sums=sums, repeats={})
        )
        assert file.getvalue().splitlines()[-1] == words
