"""Tables of an evaluation, as a person reads them."""

import pytest

from mlp_lab.report.evaluation import print_evaluation


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [
        (6, "class_2                 3        0      170        0        0        0"),
        (10, "class_2  class_0       3"),
    ],
)
def test_more_classes_than_a_terminal_is_wide(
    classes: int, wanted: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name and no number is cut: errors stand below each other, the most frequent first."""
    monkeypatch.setenv("COLUMNS", "72")
    names = [f"class_{number}" for number in range(classes)]
    counts = {true: {guess: 170.0 * (true == guess) for guess in names} for true in names}
    counts["class_1"]["class_2"] = 1.0
    counts["class_2"]["class_0"] = 3.0
    print_evaluation(
        {
            "rows": 1704,
            "target": "y",
            "scores": {},
            "intervals": {},
            "confusion": counts,
            "residuals": None,
        }
    )
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert f"\n{wanted}\n" in printed
    assert ("true     predicted  rows" in printed) == (classes == 10)


def test_many_rows_are_counted_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """12,345,678 rather than 1.23457e+07; weights that are no numbers of rows have decimals."""
    print_evaluation(
        {
            "rows": 12_345_680,
            "target": "y",
            "scores": {},
            "intervals": {},
            "confusion": {"p": {"p": 12_345_678.0, "q": 2.0}, "q": {"p": 0.0, "q": 1234.5678}},
            "residuals": None,
        }
    )
    printed = capsys.readouterr().out
    assert "12,345,678" in printed
    assert printed.split()[-2:] == ["0", "1,234.57"]


def test_hundreds_of_classes_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """The most frequent errors, and how many there are more."""
    names = [f"class {number}" for number in range(500)]
    counts = {true: dict.fromkeys(names[:100], 1.0) for true in names}
    counts["class 7"]["class 3"] = 9.0
    print_evaluation(
        {
            "rows": 50_008,
            "target": "y",
            "scores": {},
            "intervals": {},
            "confusion": counts,
            "residuals": None,
        }
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 40
    assert any(line.split() == ["class", "7", "class", "3", "9"] for line in lines)
    assert lines[-1] == "and 49,870 more pairs; -o FILE.json writes the whole matrix"
