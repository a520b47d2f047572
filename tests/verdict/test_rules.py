"""Each rule on curves written by hand, on either side of its threshold."""

import math
from dataclasses import replace

import pytest

from mlp_lab.engine.records import Divergence
from mlp_lab.verdict.rules import NOTE_RULES, STATE_RULES, Evidence, LayerStatistics, judge

FALLING = [1.0 * 0.8**epoch for epoch in range(40)]
"""A loss that has long converged to nearly 0."""

RISING = [0.1 + 0.02 * epoch for epoch in range(40)]

SOUND = Evidence(
    divergence=None,
    train_loss=FALLING,
    val_loss=[loss + 0.05 for loss in FALLING],
    constant={"train": 1.0, "val": 1.0},
    train=0.99,
    val=0.95,
    val_rows=400,
    baselines={"linear": 0.5, "the 10 nearest neighbours": 0.9},
)


def state(evidence: Evidence) -> str:
    """By its name."""
    return judge(evidence).state.kind


def notes(evidence: Evidence) -> list[str]:
    """By their names."""
    return [note.kind for note in judge(evidence).notes]


def test_a_good_fit() -> None:
    """None of the rules applies; nothing else is worth knowing."""
    verdict = judge(SOUND)
    assert verdict.state.kind == "good fit"
    assert verdict.state.numbers == {"train": 0.99, "val": 0.95}
    assert verdict.notes == []


def test_without_validation_rows() -> None:
    """A good fit cannot be told from an overfitted one."""
    assert state(replace(SOUND, val_loss=[], val=None, val_rows=0, baselines={})) == "undecided"


def test_a_loss_that_is_not_finite() -> None:
    """Comes first, whatever the curves say."""
    where = Divergence(epoch=1, step=3, lr=0.5)
    verdict = judge(replace(SOUND, divergence=where, train_loss=[math.nan], val=-9.0))
    assert (verdict.state.kind, verdict.state.words) == ("diverged", str(where))
    assert verdict.state.numbers == {"epoch": 1, "step": 3, "learning rate": 0.5}
    assert verdict.notes == []


@pytest.mark.parametrize(("jump", "kind"), [(0.15, "unstable"), (0.05, "good fit")])
def test_a_training_loss_that_jumps(jump: float, kind: str) -> None:
    """By more than a tenth of the constant's loss, in every third of the later epochs."""
    train = [loss + (jump if epoch % 3 == 0 else 0) for epoch, loss in enumerate(FALLING)]
    assert state(replace(SOUND, train_loss=train)) == kind


def test_jumps_before_the_middle_are_no_matter() -> None:
    """A rough beginning is common."""
    train = [
        loss + (0.5 if epoch % 2 == 0 and epoch < 15 else 0) for epoch, loss in enumerate(FALLING)
    ]
    assert state(replace(SOUND, train_loss=train)) == "good fit"


def test_a_loss_above_the_constant_that_falls_is_not_unstable() -> None:
    """A network may begin far worse than a constant."""
    losses = [5 - 0.4 * epoch for epoch in range(10)]
    assert state(replace(SOUND, train_loss=losses, val_loss=losses)) == "not converged"


@pytest.mark.parametrize(("slope", "kind"), [(0.02, "not converged"), (0.0005, "good fit")])
def test_losses_that_still_fall(slope: float, kind: str) -> None:
    """Steadily: a third of the gain comes in the last third."""
    losses = [0.9 - slope * epoch for epoch in range(30)]
    assert state(replace(SOUND, train_loss=losses, val_loss=losses)) == kind


def test_what_a_bad_beginning_cost_is_no_gain() -> None:
    """A network that began worse than a constant has still to converge above it."""
    losses = [0.7 + 0.5**epoch * 2 - 0.006 * epoch for epoch in range(21)]
    found = judge(replace(SOUND, train_loss=losses, val_loss=losses)).state
    assert found.kind == "not converged"
    assert found.numbers["gained"] == pytest.approx(1 - losses[-1])


def test_a_training_loss_that_falls_alone_has_converged() -> None:
    """More epochs would not help the validation rows."""
    train = [0.9 - 0.02 * epoch for epoch in range(30)]
    assert state(replace(SOUND, train_loss=train, val_loss=[0.5] * 30)) == "good fit"


def test_a_validation_loss_that_turns_up() -> None:
    """Overfit since its best epoch, which is named; one good epoch later on is that epoch."""
    val = [0.5 - 0.04 * min(epoch, 9) + 0.01 * max(0, epoch - 9) for epoch in range(40)]
    found = judge(replace(SOUND, val_loss=val)).state
    assert (found.kind, found.since) == ("overfit", 10)
    assert "from 0.14 to 0.44" in found.words
    dip = [loss - 0.12 * (epoch == 20) for epoch, loss in enumerate(val)]
    found = judge(replace(SOUND, val_loss=dip)).state
    assert (found.kind, found.since) == ("overfit", 21)
    assert "from 0.13 to 0.44" in found.words
    mild = [0.5 - 0.04 * min(epoch, 9) + 0.001 * max(0, epoch - 9) for epoch in range(40)]
    assert state(replace(SOUND, val_loss=mild)) == "good fit"


def test_a_gap_between_the_losses() -> None:
    """Labels memorised, while the validation loss stays high."""
    val = [max(loss, 0.45) for loss in FALLING]
    found = judge(replace(SOUND, val_loss=val)).state
    assert found.kind == "overfit"
    # E(train) - E(val) stays above 0.1 from the first epoch whose training loss is below 0.35.
    assert found.since == next(e for e, loss in enumerate(FALLING, 1) if 0.45 - loss > 0.1)
    assert state(replace(SOUND, val_loss=[max(loss, 0.15) for loss in FALLING])) == "good fit"


@pytest.mark.parametrize(("train", "kind"), [(0.81, "underfit"), (0.84, "good fit")])
def test_a_baseline_that_beats_the_training_rows(train: float, kind: str) -> None:
    """On new rows, than the network on its own, by more than 0.05 + 0.5 / sqrt(400)."""
    flat = [0.3] * 40
    assert state(replace(SOUND, train_loss=flat, val_loss=flat, train=train, val=train)) == kind


def test_few_errors_of_a_constant_decide_little() -> None:
    """Ten rows more of a rare class are no reason to call a network too small."""
    flat = [0.3] * 40
    rare = replace(SOUND, train_loss=flat, val_loss=flat, train=0.4, val=0.4)
    rival = {"gradient boosting": 0.55}
    assert state(replace(rare, baselines=rival)) == "underfit"
    assert state(replace(rare, baselines=rival, constant_errors=0.05)) == "good fit"


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


@pytest.mark.parametrize(("baseline", "found"), [(0.96, True), (0.93, True), (0.9, False)])
def test_a_baseline_that_does_as_well(baseline: float, found: bool) -> None:
    """Within the standard error that 400 rows leave at most, 0.025."""
    assert (
        notes(replace(SOUND, baselines={"logistic": baseline}))
        == ["no better than a baseline"] * found
    )


@pytest.mark.parametrize(
    ("baseline", "words"), [(0.96, "not clearly better than the"), (0.99, "worse than the")]
)
def test_a_baseline_that_does_better(baseline: float, words: str) -> None:
    """By more than the margin that the sentence names."""
    (note,) = judge(replace(SOUND, baselines={"logistic": baseline})).notes
    assert note.words.startswith(words)


@pytest.mark.parametrize(("reached", "found"), [(0.98, True), (0.97, False), (0.9, False)])
def test_trees_that_do_better(reached: float, found: bool) -> None:
    """By more than the standard error that 400 rows leave at most, 0.025."""
    evidence = replace(SOUND, baselines={"gradient boosting": reached})
    assert notes(evidence) == ["worse than gradient boosting"] * found
    diverged = replace(evidence, divergence=Divergence(1, 1, 0.1))
    assert notes(diverged) == []
    assert notes(replace(SOUND, baselines={"logistic": 0.5})) == []


@pytest.mark.parametrize(("reached", "found"), [(0.61, False), (0.62, True)])
def test_trees_that_do_better_on_a_rare_class(reached: float, found: bool) -> None:
    """20 of 400 rows, each a skill of 0.05: 11 errors leave 0.45 ± sqrt(11 (1 - 11 / 400)) / 20."""
    rare = replace(SOUND, constant_errors=0.05, val=0.45, train=0.6)
    evidence = replace(rare, baselines={"gradient boosting": reached})
    assert notes(evidence) == ["worse than gradient boosting"] * found
    note = NOTE_RULES["worse than gradient boosting"](replace(evidence, val=0.0))
    assert note is not None
    assert note.numbers["margin"] == pytest.approx(math.sqrt(0.05 * 0.95 / 400) / 0.05)


def test_trees_say_nothing_of_hidden_layers() -> None:
    """A network that does better than a linear model is no worse for trees that do better yet."""
    verdict = judge(replace(SOUND, baselines={"linear": 0.5, "gradient boosting": 1.0}))
    assert [note.kind for note in verdict.notes] == ["worse than gradient boosting"]
    assert verdict.state.kind == "good fit"
    (note,) = verdict.notes
    assert note.words == (
        "worse than gradient boosting: skill 95.0% ± 2.5% on the validation rows, against 100.0%"
    )


def test_neighbours_are_no_baseline() -> None:
    """They judge whether it could be better, not whether a network was worth it."""
    assert notes(replace(SOUND, baselines={"the 10 nearest neighbours": 0.97})) == []


def test_a_column_that_determines_the_target() -> None:
    """Only if the network does well by it."""
    assert notes(replace(SOUND, leaks=["grade"])) == ["suspiciously good"]
    assert notes(replace(SOUND, leaks=["grade"], val=0.75)) == []


def test_kinds_are_those_of_the_tables() -> None:
    """A rule finds what the table says that it finds."""
    unit = LayerStatistics(dead=0.5, saturated=0.5, gradient=1.0)
    steep, flat = replace(unit, gradient=1e4), replace(unit, gradient=1e-4)
    cases = {
        "diverged": replace(SOUND, divergence=Divergence(1, 1, 0.1)),
        "unstable": replace(SOUND, train_loss=[0.1, 0.9] * 10),
        "not converged": replace(SOUND, train_loss=RISING[::-1], val_loss=RISING[::-1]),
        "overfit": replace(SOUND, train_loss=RISING[::-1], val_loss=RISING),
        "underfit": replace(SOUND, train=0.1),
        "undecided": replace(SOUND, val=None),
        "good fit": SOUND,
        "suspiciously good": replace(SOUND, leaks=["grade"]),
        "no better than a baseline": replace(SOUND, baselines={"linear": 1.0}),
        "worse than gradient boosting": replace(SOUND, baselines={"gradient boosting": 1.0}),
        "dead units": replace(SOUND, layers=[unit]),
        "saturated units": replace(SOUND, layers=[unit]),
        "vanishing gradients": replace(SOUND, layers=[flat, unit]),
        "exploding gradients": replace(SOUND, layers=[steep, unit]),
    }
    for kind, rule in (STATE_RULES | NOTE_RULES).items():
        found = rule(cases[kind])
        assert found is not None
        assert found.kind == kind


def test_nothing_explained_is_no_less_than_nothing() -> None:
    """A share that is rounded to nought has no sign."""
    words = judge(replace(SOUND, train=-0.001, baselines={"logistic": 0.9})).state.words
    assert words.startswith("underfit: skill 0% on the training rows")
