"""Words on a ranking."""

from dataclasses import replace

import pytest
from compared import grid, run

from mlp_lab.compare.conclusion import (
    ALONE,
    ONLY_ONE,
    UNTESTED,
    command_of,
    significance,
    verdicts_on,
)
from mlp_lab.compare.ranking import rank


def test_settings_without_common_seeds_are_not_tested() -> None:
    """However far behind: nothing pairs them, and nothing says that chance did not."""
    records = grid({"4": [0.9, 0.91, 0.92], "8": [0.4, 0.42, 0.43]})
    records += [run({"model.width": "2"}, seed, 0.5) for seed in (7, 8, 9)]
    ranking = rank(records, "metric")
    assert [setting.values["model.width"] for setting in ranking.settings] == ["4", "2", "8"]
    assert (ranking.tied, ranking.compared) == ([1], 1)
    assert significance(rank(records[:3] + records[6:], "metric")) == UNTESTED


def test_a_setting_without_rivals() -> None:
    """The other one diverged, and more seeds would not help."""
    records = [run({"model.width": "4"}, seed, 0.9 + seed / 100) for seed in range(3)]
    records += [run({"model.width": "8"}, 0, 0.0, status="diverged")]
    assert significance(rank(records, "metric")) == ALONE


@pytest.mark.parametrize(
    ("words", "repeated", "wanted"),
    [
        (["model.width=16"], "seed", "model.width=16"),
        (["data.split_seed=3", "cv=5"], "seed", "data.split_seed=3"),
        (["seed=7"], "data.split_seed", "seed=7 data.split_seed=0"),
        (["data.folds=5", "seed=7"], "data.fold", "seed=7"),
        (["data.folds=5", "data.fold=0"], "data.repeat", ""),
        (["data.folds=5", "data.fold=0"], "seed", "data.folds=5 data.fold=0"),
        (
            ["model.width=[8,4]", "~data.x", "sweep.select=loss"],
            "seed",
            "'model.width=[8,4]' '~data.x'",
        ),
        (
            ["quiet=true", "tracking.report=false", "+data.of='a b'"],
            "seed",
            "'+data.of='\"'\"'a b'\"'\"''",
        ),
    ],
)
def test_the_command_of_a_setting(words: list[str], repeated: str, wanted: str) -> None:
    """Without what was repeated, as a shell takes it; what is the same in all runs stays."""
    records = [run({}, 0, 0.5 + i / 10, overrides=[*words, f"{repeated}={i}"]) for i in range(2)]
    assert command_of(rank(records, "metric")) == f"python train.py {wanted}".rstrip()


def test_the_command_of_a_setting_whose_first_run_failed() -> None:
    """A run that failed may lack its words: one that was scored has them."""
    failed = run({}, 0, 0.5, status="failed", overrides=[])
    scored = run({}, 1, 0.5, overrides=["--config-dir=mine", "experiment=mine", "seed=1"])
    records = [replace(failed, reason="not finished", settings={"seed": 0}), scored]
    ranking = rank([records[0], replace(scored, settings={"seed": 1})], "metric")
    assert command_of(ranking) == "python train.py --config-dir=mine experiment=mine"


def test_a_clear_winner_and_a_single_setting() -> None:
    """Nothing else may be the best; or there is nothing else."""
    clear = {"4": [0.9, 0.91, 0.92], "8": [0.5, 0.52, 0.51]}
    words = "all others are significantly worse (paired t-tests, 95 %)"
    assert significance(rank(grid(clear), "metric")) == words
    assert significance(rank(grid({"4": [0.9, 0.91]}), "metric")) == ONLY_ONE


def test_the_verdict_of_most_runs() -> None:
    """And of how many, unless all agree."""
    kinds = ["good fit", "overfit", "good fit"]
    records = [run({}, i, 0.5, verdict={"kind": kind}) for i, kind in enumerate(kinds)]
    assert verdicts_on(rank(records, "metric").best) == "good fit 2/3"
    assert verdicts_on(rank(records[:1], "metric").best) == "good fit"
