"""TensorBoard reads back what curves.csv says."""

import json
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from lab import train
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from mlp_lab.engine.records import MemberRecord
from mlp_lab.errors import Interrupted, UserError
from mlp_lab.runs.console import ProgressLine
from mlp_lab.tracking.curves import read_curves

QUIET = ("model=shallow", "model.width=4", "quiet=true", "tracking.report=false")


def events_of(folder: Path) -> EventAccumulator:
    """Everything in a run's event files."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    return events


def assert_equal_to_curves(folder: Path, metric: str, parts: tuple[str, ...]) -> None:
    """One value for each epoch, in order, equal but for events' single precision."""
    events, rows = events_of(folder), read_curves(folder / "curves.csv")
    columns = {"lr": "lr"}
    for part in parts:
        columns |= {f"loss/{part}": f"{part}_loss", f"{metric}/{part}": f"{part}_{metric}"}
    scalars = {tag: events.Scalars(tag) for tag in columns}
    for tag, column in columns.items():
        assert [event.step for event in scalars[tag]] == [row["epoch"] for row in rows]
        values = [event.value for event in scalars[tag]]
        np.testing.assert_allclose(values, [row[column] for row in rows], rtol=1e-6)


def test_scalars_of_classes(iris_run: Path) -> None:
    """Loss and accuracy of both parts."""
    assert_equal_to_curves(iris_run, "accuracy", ("train", "val"))


def test_scalars_of_numbers(diabetes_run: Path) -> None:
    """Loss and RMSE; nothing about validation rows where there are none."""
    assert_equal_to_curves(diabetes_run, "rmse", ("train",))
    assert not [tag for tag in events_of(diabetes_run).Tags()["scalars"] if tag.endswith("/val")]


@pytest.mark.parametrize(("name", "metric"), [("iris_run", "accuracy"), ("diabetes_run", "rmse")])
def test_parts_share_a_chart(name: str, metric: str, request: pytest.FixtureRequest) -> None:
    """The layout of the Custom Scalars tab."""
    events = events_of(request.getfixturevalue(name))
    (event,) = events.Tensors("custom_scalars__config__")
    layout = layout_pb2.Layout.FromString(event.tensor_proto.string_val[0])
    charts = {chart.title: list(chart.multiline.tag) for chart in layout.category[0].chart}
    wanted = {quantity: [f"{quantity}/train", f"{quantity}/val"] for quantity in ("loss", metric)}
    if name == "iris_run":  # which records gradients
        (regex,) = charts.pop("gradient norms by layer")
        matched = [tag for tag in events.Tags()["scalars"] if re.fullmatch(regex, tag)]
        assert len(matched) == 4
    assert charts == wanted


def test_histograms_and_gradient_norms_on_request(iris_run: Path, diabetes_run: Path) -> None:
    """Each layer's, at the epochs asked for."""
    asked, not_asked = events_of(iris_run), events_of(diabetes_run)
    layers = ["Omega_0", "Omega_1", "beta_0", "beta_1"]
    assert sorted(asked.Tags()["histograms"]) == [f"weights/{layer}" for layer in layers]
    assert [event.step for event in asked.Histograms("weights/Omega_0")] == [2, 4]
    for layer in layers:
        norms = asked.Scalars(f"gradient_norm/{layer}")
        assert [event.step for event in norms] == [1, 2, 3, 4]
        assert all(event.value > 0 for event in norms)
    assert not_asked.Tags()["histograms"] == []
    assert not [tag for tag in not_asked.Tags()["scalars"] if tag.startswith("gradient_norm")]


def test_a_run_that_goes_on_repeats_no_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Epochs after the last checkpoint are recorded again, and count once."""
    show = ProgressLine.show

    def show_and_ask(line: ProgressLine, record: MemberRecord) -> None:
        show(line, record)
        if record.epoch == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "show", show_and_ask)
    with pytest.raises(Interrupted):
        train(tmp_path, "data=iris", "epochs=6", *QUIET)
    assert_equal_to_curves(tmp_path, "accuracy", ("train", "val"))
    monkeypatch.undo()
    train(tmp_path, f"resume={tmp_path}")
    assert len(read_curves(tmp_path / "curves.csv")) == 6
    assert_equal_to_curves(tmp_path, "accuracy", ("train", "val"))


def test_gradient_norms_are_of_the_gradient(tmp_path: Path) -> None:
    """Neither clipping nor weight decay changes what is logged of one full step."""
    words = ("data=iris", "model=shallow", "batch_size=full", "epochs=1", "quiet=true")
    records = ("tracking.gradient_norms=true", "tracking.report=false")
    logged = []
    for number in ("lr=0.001", "clip_norm=1e-3", "weight_decay=100"):
        events = EventAccumulator(
            str(train(tmp_path / number, *words, *records, f"optimizer.{number}"))
        )
        logged.append(events.Reload().Scalars("gradient_norm/Omega_0")[0].value)
    assert logged == [logged[0]] * 3


def test_a_diverged_run_keeps_its_histograms(tmp_path: Path) -> None:
    """Of the epochs before; weights that are no numbers have none."""
    words = ("data=diabetes", "optimizer=sgd", "optimizer.lr=100", "epochs=2", "quiet=true")
    with pytest.raises(UserError, match=r"^diverged: "):
        train(tmp_path / "run", *words, "tracking.histograms=1", "tracking.report=false")
    result = (tmp_path / "run" / "result.json").read_text()
    assert '"status": "diverged"' in result


def test_a_row_in_the_hparams_tab(tmp_path: Path) -> None:
    """What the command line changed; the run has ended well.

    No list of columns: TensorBoard would show that of one run for all.
    """
    folder = train(tmp_path / "run", "data=iris", "optimizer.lr=0.01", "epochs=2", *QUIET)
    content = events_of(folder).summary_metadata
    said = {
        tag: HParamsPluginData.FromString(content[tag].plugin_data.content)
        for tag in content
        if tag.startswith("_hparams_/")
    }
    start = said["_hparams_/session_start_info"].session_start_info.hparams
    assert start["optimizer.lr"].number_value == 0.01
    assert start["data"].string_value == "iris"
    assert said.keys() == {"_hparams_/session_start_info", "_hparams_/session_end_info"}
    assert said["_hparams_/session_end_info"].session_end_info.status == Status.Value(
        "STATUS_SUCCESS"
    )


def test_the_hparams_tab_shows_the_best_epoch(tmp_path: Path) -> None:
    """As result.json does, and not the last one's."""
    words = ("data=iris", "optimizer.lr=0.1", "epochs=30", "seed=1", *QUIET)
    folder = train(tmp_path / "run", *words)
    result = json.loads((folder / "result.json").read_text())
    assert result["best_epoch"] < 30
    best = [tag for tag in events_of(folder).Tags()["scalars"] if tag.startswith("best/")]
    assert sorted(best) == ["best/val_accuracy", "best/val_loss"]
    for name in ("loss", "accuracy"):
        (event,) = events_of(folder).Scalars(f"best/val_{name}")
        assert event.step == result["best_epoch"]
        assert event.value == pytest.approx(result["val"][name], rel=1e-6)
