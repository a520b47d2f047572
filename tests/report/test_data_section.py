"""The data report of a page: its lines and cells, wherever they are broken."""

from mlp_lab.data.columns import Dropped
from mlp_lab.data.tables.data_report import ColumnSummary, DataReport
from mlp_lab.data.tables.printing import report_text
from mlp_lab.report.data_section import HEADINGS, data_section


def report(*columns: ColumnSummary) -> str:
    return report_text(
        DataReport(
            note="survey.csv: 20 rows",
            rows={"train": 12, "val": 4, "test": 4},
            targets={"y": "0 to 1"},
            task="regression",
            weight=None,
            columns=list(columns),
            dropped=[Dropped("id", "a value of its own in every row")],
            warnings=[],
            copies={"val": 1},
            repeats={},
            inputs=3,
        )
    )


def test_cells_are_those_of_the_report() -> None:
    """Also of names and values that take several lines."""
    levels = ", ".join(f"level {n} of a long list 5 %" for n in range(20))
    first = ColumnSummary("age", "numeric", 0.125, "1 to 9, median 4", 1, leakage=True)
    other = ColumnSummary("a b", "category", 0.0, levels, 20, leakage=False)
    found = data_section(report(first, other))
    assert found.before[:2] == ["survey.csv: 20 rows", "20 rows: 12 train, 4 val, 4 test"]
    assert found.rows[0] == ["age", "numeric", "12.5%", "1", "1 to 9, median 4"]
    assert found.rows[1][:4] == ["a b", "category", "", "20"]
    assert "".join(found.rows[1][4].split()) == "".join(levels.split())
    assert found.after[0].startswith("not read: id (")
    assert any("possible target leakage" in line for line in found.after)
    assert found.text == ""


def test_letters_of_another_width_stay_text() -> None:
    """Cells would not stand below their headings; a file without a table is text, too."""
    text = report(ColumnSummary("\u6c34", "numeric", 0.0, "1 to 9", 1, leakage=False))
    assert data_section(text).text == text
    assert data_section("nothing").text == "nothing"
    assert HEADINGS[0] == "column"
