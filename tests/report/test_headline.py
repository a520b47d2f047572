"""The large numbers at the top of a page."""

import pytest

from mlp_lab.report.headline import Headline, best_baseline, headlines, tone


@pytest.mark.parametrize(
    ("kind", "look"),
    [
        *(("good fit", "good"), ("good fit 2/3", "good"), ("diverged 1/4", "bad")),
        *(("too early to say", "plain"), ("overfit", "fair")),
    ],
)
def test_badges(kind: str, look: str) -> None:
    """Also that of several runs which did not all go alike."""
    assert tone(kind) == look


def result(rows: dict[str, int], **more: object) -> dict[str, object]:
    """A classification; the baselines have scores on every part."""
    scores = {"loss": 0.1, "accuracy": 0.9}
    baselines = {
        "constant": {part: {"loss": 1.0, "accuracy": 0.5} for part in rows},
        "logistic": {part: {"loss": 0.2, "accuracy": 0.875} for part in rows},
    }
    intervals = {"accuracy": [0.85, 0.94]}
    found = {part: scores if count else {} for part, count in rows.items()}
    return {**found, "rows": rows, "baselines": baselines, "test_intervals": intervals, **more}


def test_numbers_of_a_run() -> None:
    """On test rows if there are any, else on validation rows, else on training rows alone."""
    assert headlines(result({"train": 1200, "val": 20, "test": 30})) == [
        Headline("accuracy on 30 test rows", "90 %", "95 % interval 85 % to 94 %"),
        Headline("best baseline", "87.5 %", "logistic, on the same rows"),
        Headline("on the 1,200 training rows", "90 %", "network"),
    ]
    no_test = headlines(result({"train": 12, "val": 20, "test": 0}))
    assert (no_test[0].label, no_test[0].note) == ("accuracy on 20 validation rows", "network")
    alone = headlines(result({"train": 12, "val": 0, "test": 0}, baselines={}))
    assert [entry.label for entry in alone] == ["accuracy on 12 training rows"]


def test_an_interval_of_no_width_is_not_shown() -> None:
    """No wrong row among a few: resamples are all alike, and certain of nothing."""
    perfect = result({"train": 12, "val": 2, "test": 3}, test_intervals={"accuracy": [1.0, 1.0]})
    assert headlines(perfect)[0].note == "network"


def test_what_is_not_finite() -> None:
    """Says so; a baseline that is not finite is not the best."""
    found = result({"train": 12, "val": 0, "test": 0}, train={"loss": None, "accuracy": None})
    assert headlines(found)[0].number == "not finite"
    baselines = {"linear": {"val": {"rmse": None}}, "constant": {"val": {"rmse": 2.0}}}
    assert best_baseline(baselines, "val", "rmse") == ("constant", 2.0)
    assert best_baseline(baselines, "test", "rmse") is None
