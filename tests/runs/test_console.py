"""What a person sees while a run trains, and when it ends."""

import time
from io import StringIO
from pathlib import Path

import pytest
from lab import configure

from mlp_lab.engine.records import MemberRecord
from mlp_lab.program import TRY
from mlp_lab.runs.console import (
    ProgressLine,
    growing,
    intervals_in_words,
    print_lines,
    print_result,
    print_scores,
    results_table,
    without_limit,
)
from mlp_lab.terminal import Screen

ODD = "a[/b] [bold]c :smile: [relu,tanh]"


def test_a_folder_is_named_as_it_is() -> None:
    """Also where its name would close a style that nobody opened."""
    file = StringIO()
    result = {"output": "linear", "loss": "mse", "parameters": 7, "seconds": 1.0}
    result |= {"best_epoch": 2, "epochs_run": 3, "reason": "[/a]"}
    result["environment"] = {"kernel": "torch"}
    scores = {"train": {"loss": 1.0, "rmse": 2.0}, "val": {}, "test": {}}
    print_result(Screen(file, 80), {"network": scores}, result, [ODD], Path(ODD))
    said = file.getvalue().splitlines()
    assert said[-3:] == [
        "linear output, loss mse, 7 parameters, best epoch 2 of 3 ([/a]), 1 s, kernel torch",
        ODD,
        ODD,
    ]


@pytest.mark.parametrize("width", [44, 60, 80, 120])
def test_no_number_is_cut(width: int) -> None:
    """Loss and metric stand one below the other where a screen is narrow."""
    file = StringIO()
    scores = {"loss": 1.234e-05, "accuracy": 0.1234}
    models = {name: dict.fromkeys(("train", "val", "test"), scores) for name in ("network", "l")}
    print_scores(Screen(file, width), models)
    said = file.getvalue()
    assert "…" not in said
    assert said.count("1.234e-05") == said.count("0.1234") == 6
    assert all(len(line) <= width for line in said.splitlines())


def lines_of(epochs: int, done: int, file: StringIO, quiet: bool = False) -> list[int]:
    """The epochs that are shown where the output is no terminal."""
    line = ProgressLine(Screen(file, 80), epochs, done, quiet)
    for epoch in range(done + 1, epochs + 1):
        line.show(record(epoch))
    line.close()
    return [int(text.split()[1].partition("/")[0]) for text in file.getvalue().splitlines()]


def record(epoch: int) -> MemberRecord:
    """An epoch."""
    scores = {"loss": 0.123456, "accuracy": 0.5}
    return MemberRecord(0, epoch, scores, scores, 0.1, 1.0, None)


@pytest.mark.parametrize(
    ("epochs", "done", "shown"),
    [
        (3, 0, [1, 2, 3]),
        (20, 0, list(range(1, 21))),
        (21, 0, [1, *range(2, 21, 2), 21]),
        (1000, 0, [1, *range(50, 1001, 50)]),
        (1000, 970, [971, 1000]),
        (1, 0, [1]),
    ],
)
def test_a_file_has_few_lines(epochs: int, done: int, shown: list[int]) -> None:
    """The first, the last, and some that are evenly apart."""
    assert lines_of(epochs, done, StringIO()) == shown


def test_quiet_is_quiet() -> None:
    """Whatever comes."""
    file = StringIO()
    assert lines_of(30, 0, file, quiet=True) == []
    assert file.getvalue() == ""


def test_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the epochs of this process: those of earlier ones took their time then."""
    times = iter([100.0, 102.0, 104.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(times))
    file = StringIO()
    line = ProgressLine(Screen(file, 80), 130, 100, quiet=False)
    line.show(record(101))
    assert file.getvalue().rstrip().endswith("58 s left")
    assert file.getvalue().startswith("epoch 101/130  loss 0.1235 (val 0.1235)  accuracy 0.5000 (")


@pytest.mark.parametrize(("width", "shown"), [(80, 2), (50, 1), (25, 0)])
def test_a_narrow_terminal_says_less(
    width: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The epoch and the time that is left stay."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = StringIO()
    line = ProgressLine(Screen(file, width), 9, 8, quiet=False)
    line.show(record(9))
    said = file.getvalue().splitlines()[-1]
    assert ("epoch 9/9" in said, "left" in said, said.count("val")) == (True, True, shown)
    line.close()


def test_parts_without_rows_have_no_column() -> None:
    """And every model a row of what the others have."""
    file = StringIO()
    scores = {"loss": 1.5, "rmse": 2.0}
    models = {name: {"train": scores, "val": {}, "test": scores} for name in ("network", "linear")}
    Screen(file, 80).print(results_table(models, ["loss", "rmse"]))
    heading, parts, *rows = file.getvalue().splitlines()
    assert heading.split() == ["loss", "loss", "rmse", "rmse"]
    assert parts.split() == ["train", "test", "train", "test"]
    numbers = ["1.500", "1.500", "2.000", "2.000"]
    assert [row.split() for row in rows] == [[name, *numbers] for name in models]


def test_a_command_stays_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be copied; sentences around it are broken between words."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = StringIO()
    command = f"{TRY}mlp-lab train data=iris optimizer.lr=0.1"
    print_lines(Screen(file, 20), ["a sentence of many words", command])
    assert [line.rstrip() for line in file.getvalue().splitlines()] == [
        "a sentence of many",
        "words",
        command,
    ]


def test_an_open_number_of_epochs_has_lines_that_are_ever_further_apart() -> None:
    """And says the time that has passed, as nobody knows what is left."""
    file = StringIO()
    line = ProgressLine(Screen(file, 80), None, 0, quiet=False)
    for epoch in range(1, 10_001):
        line.show(record(epoch))
    line.close()
    lines = file.getvalue().splitlines()
    shown = [int(text.split()[1]) for text in lines]
    assert shown[:8] == [1, 2, 3, 4, 6, 8, 11, 15]
    assert len(shown) < 40
    assert all(text.endswith(" so far") for text in lines)


def test_what_has_no_end_in_sight_is_said() -> None:
    """Of a training without a limit of epochs, unless its time is bounded."""
    words = ["epochs=null", "stop.patience=7", "stop.monitor=metric"]
    (line,) = without_limit([configure(), configure(*words)])
    assert "ends after 7 epochs without a better validation metric" in line
    assert without_limit([configure(), configure(*words, "stop.seconds=9")]) == []


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("model.activation=swiglu",), 1),
        (("model.activation=glu", "model.init=glorot"), 1),
        (("model.activation=swiglu", "model.init=torch"), 0),
        (("model.activation=swiglu", "model.normalisation=layer"), 0),
        (("model.activation=swiglu", "model.depth=1"), 0),
        ((), 0),
    ],
)
def test_products_of_products_grow(words: tuple[str, ...], lines: int) -> None:
    """Gated units of several layers are told of, unless something keeps them small."""
    said = growing([configure(), configure(*words)])
    assert len(said) == lines
    assert all("model.init=torch" in line for line in said)


def test_what_an_interval_resamples_is_said() -> None:
    """With the main test score; of clusters that are all alone only that they are."""
    result: dict[str, object] = {"test": {"loss": 0.6, "accuracy": 0.75}}
    assert intervals_in_words({**result, "test_intervals": {"accuracy": (0.7, 0.8)}}) == []
    lines = ["95 % intervals: a bootstrap over 9 clusters of s", "the data have one cluster"]
    result |= {"resampled": lines}
    assert intervals_in_words({**result, "test_intervals": {"accuracy": (0.7, 0.8)}}) == [
        "test accuracy 0.7500, 95 % interval 0.7000 to 0.8000: a bootstrap over 9 clusters of s",
        "the data have one cluster",
    ]
    alike = {"accuracy": (0.75, 0.75)}
    assert intervals_in_words({**result, "test_intervals": alike}) == lines[1:]
