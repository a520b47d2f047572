"""What pictures of a ranking show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compared import grid, run
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from mlp_lab.compare.figures import axis_positions, draw, fills_a_table
from mlp_lab.compare.ranking import rank
from mlp_lab.tracking.curves import CurveFile


def write_curves(folder: Path, *accuracies: float) -> None:
    """A run's curves, of which only the validation accuracy is looked at."""
    file = CurveFile(folder / "curves.csv", "binary", 0)
    for epoch, accuracy in enumerate(accuracies, start=1):
        file.add({"epoch": epoch, "val_accuracy": accuracy})
    file.close()


def test_curves_are_of_the_score_that_ranks_where_epochs_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else of the loss."""
    for column in ("val_f1", "val_loss"):
        rows = [{"epoch": 1.0, "val_loss": 0.5, column: 0.5}]
        monkeypatch.setattr("mlp_lab.compare.figures.read_curves", lambda _, rows=rows: rows)
        records = grid({"4": [0.6], "8": [0.9]})
        for record in records:
            record.result["val"]["f1"] = record.result["val"]["accuracy"]
        drawn = draw(rank(records, "f1"), tmp_path)
        assert drawn[-1].caption.startswith(f"Validation {column[4:].replace('f1', 'F1')} by epoch")


def test_curves_are_of_the_loss_where_runs_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of which one was chosen by another score: none is left out, and no page is lost."""
    records = grid({"4": [0.6, 0.7], "8": [0.9, 0.8]})
    for record in records:
        record.result["val"]["f1"] = record.result["val"]["accuracy"]

    def read(path: Path) -> list[dict[str, float]]:
        chosen = {"val_f1": 0.5} if path.parent != records[-1].folder else {}
        return [{"epoch": 1.0, "val_loss": 0.5, **chosen}]

    monkeypatch.setattr("mlp_lab.compare.figures.read_curves", read)
    drawn = draw(rank(records, "f1"), tmp_path)
    assert drawn[-1].caption.startswith("Validation loss by epoch")


def test_plateaus_are_those_of_the_best_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the mean of its runs rests, however others fare; as long as all of its runs train."""
    records = grid({"4": [0.6, 0.7], "8": [0.9, 0.8]})
    ends = {str(record.folder): 40 - 5 * (k == 3) for k, record in enumerate(records)}

    def read(path: Path) -> list[dict[str, float]]:
        number = list(ends).index(str(path.parent))
        rests = 10 if number >= 2 else 40  # the first setting falls on and on
        return [
            {"epoch": k, "train_loss": 2 - 0.1 * min(k, rests), "val_accuracy": 0.5}
            for k in range(1, ends[str(path.parent)] + 1)
        ]

    monkeypatch.setattr("mlp_lab.compare.figures.read_curves", read)
    chart = draw(rank(records, "accuracy"), tmp_path)[-1].chart
    assert chart is not None
    ((first, last),) = chart.plateaus
    assert (10 < first < 15, last) == (True, 35)
    assert chart.resting == "the training loss of the best setting"
    worse = draw(rank(records[:2], "accuracy"), tmp_path)[-1].chart
    assert worse is not None
    assert worse.plateaus == []


def test_heatmaps_are_tables() -> None:
    """Not the diagonal that the values of a search would make."""
    keys = ["model.width", "optimizer.lr"]
    table = [run({keys[0]: str(w), keys[1]: str(r)}, 0, 0.5) for w in range(6) for r in range(6)]
    assert fills_a_table(keys, rank(table, "metric").settings)
    assert fills_a_table(keys, rank(table[:20], "metric").settings)
    drawn = [run({keys[0]: str(i), keys[1]: str(i)}, 0, 0.5) for i in range(36)]
    assert not fills_a_table(keys, rank(drawn, "metric").settings)


def test_epochs_of_curves_are_whole_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few of them, which an axis would rather halve."""
    records = grid({"4": [0.6], "8": [0.9]})
    write_curves(tmp_path, 0.25, 0.5, 0.6)
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    draw(rank([replace(record, folder=tmp_path) for record in records], "metric"), tmp_path)
    ticks = drawn[-1].axes[0].get_xticks()
    assert [tick for tick in ticks if 1 <= tick <= 3] == [1, 2, 3]


def test_the_curves_of_few_settings(tmp_path: Path) -> None:
    """Of two settings none is the median; a setting with a failed run is not the worst."""
    records = grid({"4": [0.6, 0.7], "8": [0.9, 0.9]})
    records.append(run({"model.width": "16"}, 0, 0.8))
    records.append(run({"model.width": "16"}, 1, 0.0, status="diverged"))
    for number, record in enumerate(records):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_curves(folder, 0.25, 0.5)
        records[number] = replace(record, folder=folder)
    validation, curves = draw(rank(records, "metric"), tmp_path)
    assert curves.caption == (
        "Validation accuracy by epoch: best and worst setting, mean over runs (thick) and each run"
        " (thin)."
    )
    assert curves.alt_text == (
        "Validation accuracy by epoch: best: model.width=8 ends at 0.5;"
        " worst: model.width=4 ends at 0.5."
    )
    assert validation.alt_text == (
        "Validation accuracy: 0.9000 with model.width=8 is the best, 0.6500 with model.width=4 the"
        " worst."
    )


def test_values_on_an_axis() -> None:
    """Numbers by size, on a logarithmic axis where they span decades; words in their order."""
    assert axis_positions(["1", "2"]) == ([1.0, 2.0], [], False)
    assert axis_positions(["0.001", "1"]) == ([0.001, 1.0], [], True)
    assert axis_positions(["8", "32", "16"]) == ([8.0, 32.0, 16.0], [], True)
    assert axis_positions(["1", "2", "3"]) == ([1.0, 2.0, 3.0], [], False)
    assert axis_positions(["b", "a", "b"]) == ([0.0, 1.0, 0.0], ["b", "a"], False)


def test_every_run_is_drawn_and_no_error_bar_leaves_what_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of each setting, a thick mean over them; an accuracy is at most 1."""
    records = grid({"4": [0.6, 0.7], "8": [1.0, 0.5]})
    for number, record in enumerate(records):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_curves(folder, 0.25, 0.1 * number)
        records[number] = replace(record, folder=folder)
    drawn: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    draw(rank(records, "metric"), tmp_path)
    validation, curves = (figure.axes[0] for figure in drawn)
    thin = [line for line in curves.lines if line.get_linewidth() < 1]
    thick = [line for line in curves.lines if line.get_linewidth() > 1]
    assert (len(thin), len(thick)) == (4, 2)
    ends = sorted(float(np.asarray(line.get_ydata())[-1]) for line in thick)
    np.testing.assert_allclose(ends, [0.05, 0.25])
    (bars,) = validation.collections
    assert isinstance(bars, LineCollection)
    assert max(float(end[1]) for segment in bars.get_segments() for end in segment) <= 1
    legend = validation.get_legend()
    assert legend is not None
    named = {text.get_text() for text in legend.get_texts()}
    assert named == {"each run", "mean ± standard error", "best"}
