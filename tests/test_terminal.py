"""What is printed is what was meant."""

from io import StringIO
from pathlib import Path

import pytest

from mlp_lab.terminal import Screen, StatusLine, plain_table
from mlp_lab.training.console import print_result

ODD = "a[/b] [bold]c :smile: [relu,tanh]"


def test_brackets_and_colons_are_no_markup() -> None:
    """In a line, in a status line and in a table."""
    file = StringIO()
    screen = Screen(file, 80)
    screen.print(ODD)
    StatusLine(screen, quiet=False).write(ODD)
    table = plain_table(ODD)
    table.add_row(ODD)
    screen.print(table)
    assert [line.rstrip() for line in file.getvalue().splitlines()] == [ODD] * 4


def test_a_line_that_was_taken_away_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, the last epoch's record comes when the line is gone; elsewhere it is shown."""
    for terminal in (False, True):
        if terminal:
            monkeypatch.setenv("FORCE_COLOR", "1")  # how rich is told that this is a terminal
        file = StringIO()
        line = StatusLine(Screen(file, 80), quiet=False)
        line.write("epoch 1")
        line.close()
        line.write("epoch 2")
        assert "epoch 1" in file.getvalue()
        assert ("epoch 2" in file.getvalue()) != terminal


def test_a_folder_is_named_as_it_is() -> None:
    """Also where its name would close a style that nobody opened."""
    file = StringIO()
    result = {"output": "linear", "loss": "mse", "parameters": 7, "seconds": 1.0}
    result |= {"best_epoch": 2, "epochs_run": 3, "reason": "[/a]"}
    scores = {"train": {"loss": 1.0, "rmse": 2.0}, "val": {}, "test": {}}
    print_result(Screen(file, 80), {"network": scores}, result, [ODD], Path(ODD))
    said = file.getvalue().splitlines()
    assert said[-3:] == [
        "linear output, loss mse, 7 parameters, best epoch 2 of 3 ([/a]), 1.0 s",
        ODD,
        ODD,
    ]
