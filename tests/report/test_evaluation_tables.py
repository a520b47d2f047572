"""Tables of an evaluation, as a person reads them."""

import pytest

from mlp_lab.report.evaluation import print_evaluation


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
