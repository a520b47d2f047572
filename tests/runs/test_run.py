"""One run from its configuration to its folder."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from lab import BARE, curves, refused, train, written

from mlp_lab.tracking.curves import Row


def test_runs_are_never_overwritten(tmp_path: Path) -> None:
    """A second run in the same folder is refused, and the first stays as it was."""
    train(tmp_path, "data=iris", "epochs=1", *BARE)
    before = {name: (tmp_path / name).read_bytes() for name in written(tmp_path)}
    line = refused("data=wine", "epochs=1", *BARE, folder=tmp_path)
    assert line.startswith(f"{tmp_path} holds a run already")
    assert line.endswith(f"resume={tmp_path}")
    assert {name: (tmp_path / name).read_bytes() for name in written(tmp_path)} == before


def test_a_diverging_run_says_where_and_keeps_its_record(tmp_path: Path) -> None:
    """The folder is complete, its result says that the run diverged, and its best epoch counts."""
    line = refused("data=iris", "optimizer=sgd", "optimizer.lr=1e30", *BARE, folder=tmp_path)
    assert line.startswith("diverged: the loss was no longer finite by epoch 1, step ")
    assert line.endswith(
        f" at learning rate 1e+30: try a smaller optimizer.lr or optimizer.clip_norm=1 ({tmp_path})"
    )
    assert {"result.json", "curves.csv", "model.safetensors"} <= written(tmp_path)
    assert '"status": "diverged"' in (tmp_path / "result.json").read_text()
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 2


def test_a_diverging_run_says_what_to_try(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command to paste, beside the error; its rate is no higher than the optimizer's own."""
    words = ["data=iris", "optimizer=sgd", "optimizer.lr=1e30", "tracking.report=false"]
    refused(*words, "tracking.tensorboard=false", folder=tmp_path)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("try: ")
    assert last.endswith(" optimizer.lr=0.05")


def test_a_run_without_a_limit_ends_by_patience_and_is_resumed(tmp_path: Path) -> None:
    """To the same bits as one that had more patience from the start."""
    words = ["data=iris", "model=shallow", "epochs=null", "optimizer.lr=0.03", *BARE]
    whole = train(tmp_path / "whole", *words, "stop.patience=6")
    part = train(tmp_path / "part", *words, "stop.patience=2")
    first = len(curves(part))
    train(part, f"resume={part}", "stop.patience=6")
    assert first < len(curves(whole))
    assert without_seconds(curves(part)) == without_seconds(curves(whole))
    assert "epochs: null" in (part / "config.yaml").read_text()
    limited = train(tmp_path / "limited", *words, "stop.patience=2", f"epochs={first}")
    assert without_seconds(curves(limited)) == without_seconds(curves(whole))[:first]
    train(limited, f"resume={limited}", "epochs=null", "stop.patience=6")
    assert without_seconds(curves(limited)) == without_seconds(curves(whole))


def without_seconds(rows: Sequence[Row]) -> list[Row]:
    """Epochs without what no other run repeats."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
