"""Each rule on curves written by hand, on either side of its threshold."""

import math
from dataclasses import replace
from typing import Any

import pytest
from judged import FALLING, SOUND

from mlp_lab.engine.records import Divergence
from mlp_lab.verdict.evidence import Evidence, LayerStatistics
from mlp_lab.verdict.rules import NOTE_RULES, STATE_RULES, judge

RISING = [0.1 + 0.02 * epoch for epoch in range(40)]


NOTHING = replace(
    SOUND,
    train=0.3,
    val=-0.02,
    val_loss=[1.01] * 40,
    kept_d2={"train": 0.3, "val": -0.01},
    baselines={"linear": 0.01, "the 10 nearest neighbours": -0.1},
    baselines_d2={"linear": 0.01},
)
"""A target of noise, learnt by heart."""

RARE = {"train": 0.05, "val": 0.05}
ROWS = {"train": 0.5, "val": 0.5}
"""Errors of a constant prediction of two classes that are equally frequent."""


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


@pytest.mark.parametrize(("last", "kind"), [(24, "good fit"), (27, "unstable")])
def test_a_loss_that_has_come_to_rest(last: int, kind: str) -> None:
    """Jumps of the later half that end before the last third, 13 of 40 epochs."""
    jumps = {20, 21, 22, last}
    train = [loss + (0.5 if epoch in jumps else 0) for epoch, loss in enumerate(FALLING)]
    assert state(replace(SOUND, train_loss=train)) == kind


@pytest.mark.parametrize("slope", [0.01, 0.02, 0.04])
def test_a_loss_that_is_pulled_up_does_not_jump(slope: float) -> None:
    """As by weight decay: it grows from some epoch on, and never falls again."""
    pulled = [loss + slope * max(0, epoch - 15) for epoch, loss in enumerate(FALLING)]
    found = replace(SOUND, train_loss=pulled, val_loss=pulled, train=0.2, val=0.2)
    assert state(found) == "underfit"
    assert "strong weight decay" in notes(replace(found, weight_decay=0.1))
    assert "strong weight decay" not in notes(replace(found, weight_decay=0.001))
    jumping = [loss + 0.1 * (epoch % 4 == 0) for epoch, loss in enumerate(pulled)]
    assert state(replace(found, train_loss=jumping)) == "unstable"


def test_a_loss_that_collapsed_does_not_jump() -> None:
    """It fell back to a constant's, and stays there."""
    flat = [*FALLING[:15], *[1.0] * 25]
    assert state(replace(SOUND, train_loss=flat, val_loss=flat, train=0.0, val=0.0)) == "underfit"


def test_labels_that_are_wrong_are_no_reason_for_a_larger_network() -> None:
    """Only training rows have them: on new ones it does as well as any."""
    noisy = replace(SOUND, train=0.4, val=0.89)
    assert state(noisy) == "good fit"
    assert state(replace(noisy, val=0.87)) == "underfit"


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


@pytest.mark.parametrize(("end", "kind"), [(0.9, "underfit"), (0.5, "underfit"), (0.2, "overfit")])
def test_a_network_that_cannot_learn_its_rows_is_too_small(end: float, kind: str) -> None:
    """Though its validation loss rises: neighbours reach 0.9 on new rows."""
    train = [1 - (1 - end) * min(1.0, epoch / 20) for epoch in range(40)]
    val = [0.95 + 0.005 * max(0, epoch - 9) for epoch in range(40)]
    small = replace(SOUND, train_loss=train, val_loss=val, kept=10, train=0.1, val=0.05)
    assert state(replace(small, kept_d2={"train": 0.1, "val": 0.05})) == kind
    nothing = replace(small, val=0.0, val_loss=[1.01] * 40, kept_d2={"train": 0.1, "val": -0.01})
    assert state(nothing) == kind


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
    assert state(replace(rare, baselines=rival, constant_errors=RARE)) == "good fit"


def test_kinds_are_those_of_the_tables() -> None:
    """A rule finds what the table says that it finds."""
    unit = LayerStatistics(dead=0.5, saturated=0.5, gradient=1.0)
    steep, flat = replace(unit, gradient=1e4), replace(unit, gradient=1e-4)
    cases = {
        "diverged": replace(SOUND, divergence=Divergence(1, 1, 0.1)),
        "too early to say": replace(SOUND, train_loss=[0.9], val_loss=[0.9], steps=30, kept=1),
        "nothing to learn": NOTHING,
        "unstable": replace(SOUND, train_loss=[0.1, 0.9] * 10),
        "not converged": replace(SOUND, train_loss=RISING[::-1], val_loss=RISING[::-1]),
        "overfit": replace(SOUND, train_loss=RISING[::-1], val_loss=RISING),
        "underfit": replace(SOUND, train=0.1, val=0.1),
        "undecided": replace(SOUND, val=None),
        "good fit": SOUND,
        "suspiciously good": replace(SOUND, leaks=["grade alone almost determines the target"]),
        "no better than a baseline": replace(SOUND, baselines={"linear": 1.0}),
        "worse than gradient boosting": replace(SOUND, baselines={"gradient boosting": 1.0}),
        "strong weight decay": replace(SOUND, train=0.1, val=0.1, weight_decay=0.1),
        "learning rate too low": replace(SOUND, train=0.1, val=0.1, moved=0.01),
        "unscaled inputs": replace(SOUND, largest_input=1e4),
        "outliers": replace(SOUND, outlying=0.9),
        "rare classes": replace(SOUND, measure="accuracy", val=0.0, constant_errors=RARE),
        "later rows differ": replace(SOUND, test=0.1, test_rows=400),
        "repeated rows": replace(SOUND, copied=1.0),
        "rows in order of time": replace(SOUND, alike=0.9, pairs=400),
        "counts": replace(SOUND, spread=0.9),
        "dead units": replace(SOUND, layers=[unit]),
        "saturated units": replace(SOUND, layers=[unit]),
        "vanishing gradients": replace(SOUND, layers=[flat, unit]),
        "exploding gradients": replace(SOUND, layers=[steep, unit]),
    }
    for kind, rule in (STATE_RULES | NOTE_RULES).items():
        found = rule(cases[kind])
        assert found is not None
        assert found.kind == kind


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"val_rows": 1}, "1 validation row is too few, and"),
        ({"val_rows": 4}, "4 validation rows are too few, and"),
        ({"copied": 0.6}, "60 % of the validation rows are training rows, and"),
        ({"constant_errors": {"train": 0.1, "val": 0.0}}, "all validation rows have the class"),
    ],
)
def test_rows_that_say_nothing_of_new_ones(changes: dict[str, Any], words: str) -> None:
    """Neither a good fit nor an overfitted one is told by them, nor is a baseline held against."""
    for loss in (SOUND.val_loss, RISING):
        simple = {"linear": 1.0, "gradient boosting": 1.0}
        found = judge(replace(SOUND, val_loss=loss, baselines=simple, **changes))
        assert found.state.words.startswith(f"undecided: {words}")
        assert {note.kind for note in found.notes} <= {"repeated rows"}
    assert state(replace(SOUND, val_rows=5, copied=0.4)) == "good fit"


def test_nothing_is_to_be_learnt_by_a_lower_rate_either() -> None:
    """Of a network that knows its own rows, however its loss oscillates."""
    jumping = [0.5, 0.9] * 20
    assert state(replace(NOTHING, train_loss=jumping, moved=1.0)) == "nothing to learn"
    slight = [0.85, 0.99] * 20
    assert state(replace(NOTHING, train_loss=slight, moved=1.0)) == "unstable"


def test_outliers_may_hide_what_there_is_to_learn() -> None:
    """Then other columns are not what is missing."""
    for outlying, more in ((0.9, "a loss that heeds them less may"), (0.1, "or more rows may")):
        assert judge(replace(NOTHING, outlying=outlying)).state.words.endswith(more)
    robust = judge(replace(NOTHING, outlying=0.9, measure="D²")).state
    assert robust.words.endswith("outliers make most of the loss, and without them more may")


def test_what_is_worse_than_a_constant_on_its_own_rows_has_learnt_nothing() -> None:
    """Though by chance it is better on others."""
    lucky = replace(NOTHING, val=0.3, kept_d2={"train": -0.1, "val": 0.1})
    assert state(replace(lucky, train=-0.05)) == "nothing to learn"
    assert state(replace(lucky, train=0.05)) != "nothing to learn"


def test_nothing_explained_is_no_less_than_nothing() -> None:
    """A share that is rounded to nought has no sign."""
    words = judge(replace(SOUND, train=-0.001, val=0.5, baselines={"logistic": 0.9})).state.words
    assert words.startswith("underfit: R² 0.00 on the training rows")


@pytest.mark.parametrize(
    ("reached", "loss", "kind"),
    [(0.02, 0.99, "nothing to learn"), (0.03, 0.99, "good fit"), (0.03, 1.01, "nothing to learn")],
)
def test_nothing_learnt_is_no_good_fit(reached: float, loss: float, kind: str) -> None:
    """By no more than 0.5 / sqrt(400) above a constant, or by chance while the loss is worse."""
    flat = replace(NOTHING, train_loss=[0.99] * 40, train=0.04, val=reached, val_loss=[loss] * 40)
    assert state(replace(flat, kept_d2={"train": 0.01, "val": 1 - loss})) == kind


def test_nothing_to_learn_asks_for_nothing_that_is_not_there() -> None:
    """No model beats a constant; where one does, the network has only its rows by heart."""
    words = judge(NOTHING).state.words
    assert words.startswith("nothing to learn: on 400 validation rows nothing beats a constant")
    assert "the network, linear, the 10 nearest neighbours" in words
    linear = {"linear": 0.2, "the 10 nearest neighbours": -0.1}
    assert state(replace(NOTHING, baselines=linear, baselines_d2={"linear": 0.2})) == "overfit"
    mild = replace(NOTHING, train_loss=[0.99] * 40, train=0.01, baselines=linear)
    assert state(replace(mild, baselines_d2={"linear": 0.2})) == "underfit"
    weak = replace(mild, baselines={"linear": 0.05}, baselines_d2={"linear": 0.05})
    assert state(weak) == "underfit"
    assert state(replace(mild, baselines={"linear": 0.0}, moved=0.01)) == "underfit"


def test_a_score_at_chance_is_nothing() -> None:
    """Of two classes, 5 % of the constant's errors are 1 / sqrt(400); a loss that falls is none."""
    classes = replace(NOTHING, measure="accuracy", constant_errors=ROWS)
    assert state(replace(classes, baselines={"logistic": 0.045})) == "nothing to learn"
    lucky = {"logistic": 0.06}
    assert state(replace(classes, baselines=lucky, baselines_d2={"logistic": -0.1})) == (
        "nothing to learn"
    )
    found = replace(classes, baselines={"logistic": 0.0}, baselines_d2={"logistic": 0.06})
    assert state(found) == "overfit"  # probabilities can be learnt, and were not


@pytest.mark.parametrize(("steps", "kind"), [(99, "too early to say"), (100, "not converged")])
def test_few_steps_say_little(steps: int, kind: str) -> None:
    """While the training loss still falls."""
    losses = [0.9 - 0.02 * epoch for epoch in range(30)]
    falling = replace(SOUND, train_loss=losses, val_loss=losses, kept=30, steps=steps)
    assert state(falling) == kind


def test_few_steps_may_be_enough() -> None:
    """Where the loss has fallen to its end, and no simple method does better."""
    few = replace(SOUND, steps=40)
    assert state(few) == "good fit"
    assert state(replace(few, train=0.5, val=0.5)) == "too early to say"
    assert state(replace(few, train=0.01)) == "too early to say"
    assert state(replace(few, train=0.01, val=0.01, stopped_early=True)) == "underfit"
    once = replace(SOUND, train_loss=[0.1], val_loss=[0.1], kept=1)
    assert state(once) == "too early to say"
    assert "after 1,000 steps (1 epoch)" in judge(once).state.words


TURNED = [0.5 - 0.04 * min(epoch, 9) + 0.01 * max(0, epoch - 9) for epoch in range(40)]
"""A validation loss that is least in epoch 10."""


def test_what_early_stopping_kept_is_judged() -> None:
    """Not the epochs that it waited for nothing; without it, both are said."""
    turned = replace(SOUND, val_loss=TURNED, kept=10, val=0.86, train=0.87)
    found = judge(turned).state
    assert found.kind == "overfit"
    assert "the weights kept are epoch 10's: R² 0.87 on the training and 0.86" in found.words
    stopped = replace(turned, early_stopping=True, stopped_early=True)
    assert state(stopped) == "good fit"
    assert state(replace(stopped, stopped_early=False)) == "good fit"


@pytest.mark.parametrize(("rival", "kind"), [(0.64, "good fit"), (0.67, "overfit")])
def test_kept_weights_that_fit_too_much(rival: float, kind: str) -> None:
    """A gap between the parts costs something where a simple method does better on new rows."""
    gap = replace(SOUND, kept=20, val=0.62, kept_d2={"train": 0.99, "val": 0.62})
    kept = replace(gap, early_stopping=True, baselines={"linear": rival})
    assert state(kept) == kind
    if kind == "overfit":
        words = judge(kept).state.words
        assert words.startswith("overfit, as it was kept, at epoch 20: R² 0.99 on the training")
        assert words.endswith("where linear reaches 0.67")


def test_a_run_that_stopped_by_itself_has_converged() -> None:
    """It waited for a better epoch, and none came."""
    losses = [0.9 - 0.02 * epoch for epoch in range(30)]
    falling = replace(SOUND, train_loss=losses, val_loss=losses, kept=30, baselines={})
    assert state(falling) == "not converged"
    assert state(replace(falling, early_stopping=True)) == "not converged"
    assert state(replace(falling, early_stopping=True, stopped_early=True)) == "good fit"


def test_scores_are_said_as_what_they_are() -> None:
    """R2 of a number, an accuracy beside that of one class, D2 where errors are the loss."""
    assert judge(SOUND).state.words == (
        "good fit: R² 0.99 on the training and 0.95 on the validation rows"
    )
    classes = replace(SOUND, measure="accuracy", constant_errors={"train": 0.5, "val": 0.9})
    assert judge(classes).state.words == (
        "good fit: accuracy 99.5 % on the training and 95.5 % on the validation rows (always"
        " guessing one class: 10 %)"
    )
    (note,) = judge(replace(classes, baselines={"logistic": 0.94})).notes
    assert note.words == (
        "not clearly better than the logistic baseline: accuracy 95.5 % on the validation rows,"
        " against 94.6 % (+0.9 % ± 1 %)"
    )
    assert judge(replace(SOUND, measure="D²")).state.words.startswith("good fit: D² 0.99 on")
