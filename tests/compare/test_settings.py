"""Which runs are one setting, and which keys tell settings apart."""

from pathlib import Path

import pytest
from compared import grid, run

from mlp_lab.compare.ranking import rank
from mlp_lab.compare.records import RunRecord


def test_settings_are_what_was_trained_with(tmp_path: Path) -> None:
    """However it was typed, or by whatever file it came."""

    def made(number: int, typed: list[str], seed: int, **settings: object) -> RunRecord:
        record = run({}, seed, 0.5, overrides=typed)
        found = {"model.width": 8, "optimizer.lr": 0.01, "seed": seed, **settings}
        return RunRecord(tmp_path / str(number), {"data.name": "iris", **found}, record.result)

    records = [
        made(0, ["optimizer.lr=1e-2", "model=shallow", "tracking.report=false"], 0),
        made(1, ["optimizer.lr=0.01", "quiet=true"], 1),
        made(2, ["experiment=some"], 0, **{"model.width": [4, 2], "model.init": None}),
        made(3, ["--config-name=other"], 1, **{"model.width": [4, 2], "model.init": None}),
        made(4, ["model=shallow"], 1),
    ]
    ranking = rank(records, "metric")
    assert ranking.keys == ["model.width", "model.init"]
    assert ranking.replicates == ["seed"]
    assert [dict(setting.values) for setting in ranking.settings] == [
        {"model.width": "8", "model.init": "default"},
        {"model.width": "[4,2]", "model.init": "null"},
    ]
    assert [len(setting.runs) for setting in ranking.settings] == [2, 2]


def test_a_job_that_failed_and_was_trained_elsewhere() -> None:
    """Is there: its setting is whole."""
    records = [run({"model.width": "4"}, 0, 0.0, status="diverged"), *grid({"4": [0.6, 0.7]})]
    (setting,) = rank(records, "metric").settings
    assert setting.whole
    assert setting.mean == pytest.approx(0.65)
