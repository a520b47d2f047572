"""Each rule of a note on numbers written by hand, on either side of its threshold."""

import math
from dataclasses import replace

import pytest
from judged import SOUND
from surveys import pasted

from mlp_lab.engine.records import Divergence
from mlp_lab.verdict.evidence import Evidence, LayerStatistics
from mlp_lab.verdict.rules import NOTE_RULES, judge

RARE = {"train": 0.05, "val": 0.05}


def notes(evidence: Evidence) -> list[str]:
    """By their names."""
    return [note.kind for note in judge(evidence).notes]


def test_hidden_layers() -> None:
    """Dead, saturated, and gradients by layer."""
    sound = LayerStatistics(dead=0.05, saturated=0.0, gradient=1.0)
    assert notes(replace(SOUND, layers=[sound, sound])) == []
    assert notes(replace(SOUND, layers=[sound, replace(sound, dead=0.2)])) == ["dead units"]
    assert notes(replace(SOUND, layers=[replace(sound, saturated=0.2), sound])) == [
        "saturated units"
    ]
    small, large = replace(sound, gradient=1e-4), replace(sound, gradient=1e4)
    assert notes(replace(SOUND, layers=[small, sound])) == ["vanishing gradients"]
    assert notes(replace(SOUND, layers=[large, sound])) == ["exploding gradients"]
    assert notes(replace(SOUND, layers=[small])) == []


ERROR = 0.01
"""The standard error of a difference: 1.645 of it are beyond chance."""


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (0.98, "worse than the logistic baseline: R² 0.95 on the validation rows, against 0.98"),
        (0.96, "not clearly better than the logistic baseline: R² 0.95 on the"),
        (0.94, "not clearly better than the logistic baseline: R² 0.95 on the"),
        (0.93, ""),
    ],
)
def test_a_baseline_that_does_as_well(baseline: float, words: str) -> None:
    """By the error of the difference on the same rows, which the sentence names."""
    evidence = replace(SOUND, baselines={"logistic": baseline}, differences={"logistic": ERROR})
    found = judge(evidence).notes
    assert [note.kind for note in found] == ["no better than a baseline"] * bool(words)
    assert all(note.words.startswith(words) for note in found)
    assert all(note.words.endswith(f"({0.95 - baseline:+.2f} ± 0.01)") for note in found)


@pytest.mark.parametrize(("reached", "found"), [(0.97, True), (0.966, False), (0.9, False)])
def test_trees_that_do_better(reached: float, found: bool) -> None:
    """By more than 1.645 standard errors of the difference."""
    trees = "gradient boosting"
    evidence = replace(SOUND, baselines={trees: reached}, differences={trees: ERROR})
    assert notes(evidence) == ["worse than gradient boosting"] * found
    diverged = replace(evidence, divergence=Divergence(1, 1, 0.1))
    assert notes(diverged) == []
    assert notes(replace(SOUND, baselines={"logistic": 0.5})) == []


@pytest.mark.parametrize(("reached", "found"), [(0.71, False), (0.73, True)])
def test_trees_that_do_better_on_a_rare_class(reached: float, found: bool) -> None:
    """20 of 400 rows, each a skill of 0.05: 11 errors leave 0.45 ± sqrt(11 (1 - 11 / 400)) / 20."""
    rare = replace(SOUND, constant_errors=RARE, val=0.45, train=0.6)
    evidence = replace(rare, baselines={"gradient boosting": reached})
    assert notes(evidence) == ["worse than gradient boosting"] * found
    note = NOTE_RULES["worse than gradient boosting"](replace(evidence, val=0.0))
    assert note is not None
    error = math.sqrt(0.05 * 0.95 / 400) / 0.05
    assert note.numbers["standard error"] == pytest.approx(error)


def test_what_rounding_alone_tells_apart_is_no_worse() -> None:
    """Of a target that a column gives away, both are right to the last digit."""
    exact = replace(SOUND, train=1.0, val=1 - 3e-8, differences={"linear": 1e-9})
    found = judge(replace(exact, baselines={"linear": 1.0, "gradient boosting": 1.0}))
    (note,) = found.notes
    assert note.words == (
        "not clearly better than the linear baseline: R² 1.00 on the validation rows, against 1.00"
        " (+0.00 ± 0.00)"
    )


def test_of_noise_nothing_is_compared() -> None:
    """Where nothing beats a constant, which of the models is ahead is chance."""
    nothing = replace(SOUND, val=-0.1, train=0.5, kept_d2={"train": 0.5, "val": -0.1}, kept=2)
    close = {"linear": -0.01, "gradient boosting": 0.02}
    d2 = {"linear": -0.01, "gradient boosting": -0.3}
    found = judge(replace(nothing, baselines=close, baselines_d2=d2, moved=0.1))
    assert (found.state.kind, found.notes) == ("nothing to learn", [])


@pytest.mark.parametrize(("copied", "found"), [(0.09, False), (0.1, True), (1.0, True)])
def test_rows_that_training_rows_repeat(copied: float, found: bool) -> None:
    """A score on them is one of memory."""
    assert notes(replace(SOUND, copied=copied)) == ["repeated rows"] * found


def test_trees_say_nothing_of_hidden_layers() -> None:
    """A network that does better than a linear model is no worse for trees that do better yet."""
    verdict = judge(replace(SOUND, baselines={"linear": 0.5, "gradient boosting": 1.0}))
    assert [note.kind for note in verdict.notes] == ["worse than gradient boosting"]
    assert verdict.state.kind == "good fit"
    (note,) = verdict.notes
    assert note.words == (
        "worse than gradient boosting: R² 0.95 on the validation rows, against 1.00 (-0.05 ± 0.03)"
    )


def test_neighbours_are_no_baseline() -> None:
    """They judge whether it could be better, not whether a network was worth it."""
    assert notes(replace(SOUND, baselines={"the 10 nearest neighbours": 0.97})) == []


def test_a_column_that_determines_the_target() -> None:
    """Only if the network does well by it."""
    assert notes(replace(SOUND, leaks=["grade alone almost determines the target"])) == [
        "suspiciously good"
    ]
    assert notes(replace(SOUND, leaks=["grade alone almost determines the target"], val=0.75)) == []


def test_no_better_than_a_constant_is_a_state() -> None:
    """Of a network that has learnt nothing: no note repeats it."""
    nothing = replace(SOUND, val=0.0, kept_d2={"train": 0.0, "val": 0.0})
    assert notes(replace(nothing, baselines={})) == []
    assert notes(replace(nothing, baselines={"linear": 0.1})) == ["no better than a baseline"]


SLOW = replace(
    SOUND,
    train_loss=[0.9 - 0.01 * epoch for epoch in range(40)],
    val_loss=[0.9 - 0.01 * epoch for epoch in range(40)],
    train=0.5,
    val=0.5,
    kept_d2={"train": 0.5, "val": 0.5},
    moved=0.2,
    baselines={"linear": 0.3},
)
LOW = "learning rate too low"


def test_a_loss_that_falls_in_a_straight_line() -> None:
    """While the weights are near those that were drawn."""
    assert notes(SLOW) == [LOW]
    assert notes(replace(SLOW, moved=0.6)) == []
    rough = [loss + 0.03 * (epoch % 2) for epoch, loss in enumerate(SLOW.train_loss)]
    assert notes(replace(SLOW, train_loss=rough)) == []
    assert notes(replace(SLOW, train_loss=rough, moved=0.01)) == [LOW]
    assert notes(replace(SOUND, moved=0.2)) == []
    (note,) = judge(SLOW).notes
    assert note.words.endswith(
        "fell in 100 % of the later half's epochs, and the weights moved by 20 % of their norm in"
        " all"
    )


def test_inputs_that_are_not_scaled() -> None:
    """From a root mean square of 100."""
    assert notes(replace(SOUND, largest_input=1e4)) == ["unscaled inputs"]
    assert notes(replace(SOUND, largest_input=20)) == []


def test_rows_far_away() -> None:
    """2 % of the rows make half of the squared deviations."""
    assert notes(replace(SOUND, outlying=0.6)) == ["outliers"]
    assert notes(replace(SOUND, outlying=0.3)) == []
    assert notes(replace(SOUND, outlying=0.6, measure="D²")) == []  # learnt in spite of them


def test_probabilities_without_a_decision() -> None:
    """An accuracy of one class, while the loss is clearly better; not of classes of equal size."""
    rare = replace(
        SOUND, measure="accuracy", val=0.0, constant_errors=RARE, kept_d2={"train": 0.3, "val": 0.2}
    )
    rare = replace(rare, baselines={})
    assert notes(rare) == ["no better than a baseline", "rare classes"]  # by its accuracy
    assert notes(replace(rare, val=0.6)) == []
    assert "rare classes" in notes(replace(rare, uncommon=0.02))
    assert "rare classes" not in notes(replace(rare, uncommon=0.03))  # wrongly, but they are given
    assert "rare classes" not in notes(replace(rare, constant_errors={"train": 0.4, "val": 0.4}))
    assert notes(replace(rare, kept_d2={"train": 0.3, "val": 0.02})) == []


@pytest.mark.parametrize(
    ("test", "rows", "found"),
    [(0.7, 400, True), (0.8, 400, False), (0.7, 20, False), (None, 400, False)],
)
def test_rows_of_another_time(test: float | None, rows: int, found: bool) -> None:
    """By 0.1 and two standard errors of the difference, 0.07 of 400 rows each, below 0.95."""
    later = replace(SOUND, test=test, test_rows=rows)
    assert notes(later) == ["later rows differ"] * found


@pytest.mark.parametrize(
    ("later", "changed", "said"),
    [
        (True, {}, "train on more of the latest rows, and anew as rows come in, and leave out"),
        (False, {}, "train on rows that are more like them, and leave out columns that change"),
        (True, {"year": 2.13}, "columns that change (year by 2.1 standard deviations)"),
        (False, dict.fromkeys("abcd", 1.5), "c by 1.5 standard deviations, …)"),
    ],
)
def test_what_helps_where_later_rows_differ(
    later: bool, changed: dict[str, float], said: str
) -> None:
    """Other rows, or fewer columns; no weaker network."""
    found = replace(SOUND, test=0.1, test_rows=400, later=later, changed=changed)
    (note,) = judge(found).notes
    assert said in note.words
    assert "regularising does not mend it" in note.words


TIME = "rows in order of time"


def test_rows_next_to_each_other() -> None:
    """By 0.2 and four standard errors of their correlation; not before enough is learnt."""
    series = replace(SOUND, alike=0.5, pairs=400)
    assert notes(series) == [TIME]
    assert notes(replace(series, alike=0.15)) == []
    assert notes(replace(series, pairs=40)) == []
    assert notes(replace(series, copied=0.5)) == ["repeated rows"]
    low = replace(series, train=0.1, val=0.1, baselines={"linear": 0.9})
    assert TIME not in notes(low)
    said = [judge(replace(series, in_order=names)).notes[0].words for names in ([], ["day no"])]
    assert "data.time, if a column tells when, keeps these for the test" in said[0]
    assert "'data.time=day no' keeps these for the test" in said[1]
    assert [pasted(words) for words in said] == [[], ["data.time=day no"]]


def test_errors_that_grow_with_counts() -> None:
    """Beyond chance at 99 %, of 400 rows 0.117; an outlier among counts is none."""
    assert notes(replace(SOUND, spread=0.12)) == ["counts"]
    assert notes(replace(SOUND, spread=0.11)) == []
    assert notes(replace(SOUND, spread=0.3, outlying=0.9)) == ["counts"]
    assert notes(replace(SOUND, spread=-0.3, outlying=0.9)) == ["outliers"]
    nothing = replace(SOUND, spread=0.3, val=0.0, kept_d2={"train": 0.5, "val": 0.0})
    assert "counts" not in notes(nothing)
