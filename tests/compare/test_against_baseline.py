"""What a ranking says of baselines and of poor verdicts."""

import csv
import io

import pytest
from compared import run

from mlp_lab.compare.against_baseline import best_baseline, difference
from mlp_lab.compare.conclusion import baselines, cautions, headings_of, numbers_of
from mlp_lab.compare.ranking import Ranking, rank
from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.table import latex_table, settings_table


def beside(table: dict[str, list[float]], **others: list[float]) -> list[RunRecord]:
    """Widths with their accuracies by seed, beside baselines with theirs."""
    return [
        run(
            {"model.width": width},
            seed,
            value,
            baselines={
                name: {"val": {"accuracy": found[seed], "loss": 1 - found[seed]}}
                for name, found in others.items()
            },
            verdict={"kind": "overfit" if width == "8" else "good fit"},
        )
        for width, values in table.items()
        for seed, value in enumerate(values)
    ]


def ranked(*accuracies: float, logistic: list[float], width: str = "4") -> Ranking:
    """A good setting and a poor one, beside a constant and a logistic regression."""
    table = {width: list(accuracies), "16": [0.1] * len(accuracies)}
    return rank(beside(table, constant=[0.5] * 3, logistic=logistic), "metric")


def test_a_sweep_that_loses_to_a_baseline_says_so() -> None:
    """With the difference over the same runs."""
    ranking = ranked(0.98, 0.97, 0.99, logistic=[0.99, 0.985, 0.995])
    assert cautions(ranking) == [
        "the best setting is no better than the logistic baseline: accuracy 0.9800 against 0.9900"
        " on the same rows (-0.010 ± 0.0029)"
    ]
    assert baselines(ranking) == "constant 0.5000, logistic 0.9900 ± 0.0029"


def test_a_lead_by_chance_is_not_clear() -> None:
    """A clear one is nothing to be said."""
    near = ranked(0.98, 0.97, 0.99, logistic=[0.975, 0.975, 0.975])
    assert cautions(near)[0].startswith("the best setting is not clearly better than the logistic")
    assert cautions(ranked(0.98, 0.97, 0.99, logistic=[0.9, 0.91, 0.9])) == []
    equal = ranked(0.98, 0.98, 0.98, logistic=[0.98, 0.98, 0.98])
    assert cautions(equal)[0].startswith("the best setting is no better than the logistic")


def test_of_a_single_run_its_own_verdict_says_whether_a_lead_is_clear() -> None:
    """From the spread over its rows; there are no runs to compare."""
    note = {"kind": "no better than a baseline"}
    for notes, count in (([note], 1), ([], 0)):
        records = beside({"4": [0.9], "16": [0.1]}, logistic=[0.89])
        for record in records:
            record.result["verdict"]["notes"] = notes
        assert len(cautions(rank(records, "metric"))) == count


def test_lower_losses_are_better() -> None:
    """The best baseline has the lowest, and a negative difference is a lead."""
    records = beside({"4": [0.9, 0.92], "16": [0.1, 0.1]}, constant=[0.5] * 2, logistic=[0.8] * 2)
    ranking = rank(records, "loss")  # minus accuracy, for the networks
    assert ranking.baseline == "logistic"
    assert cautions(ranking) == []
    assert str(difference(ranking.best, "logistic")).startswith("-1.1 ±")


def test_an_overfitted_choice_is_said_to_be_one() -> None:
    """As are all verdicts but a good fit."""
    ranking = ranked(0.98, 0.97, 0.99, logistic=[0.9] * 3, width="8")
    assert cautions(ranking) == ["verdict on the best setting: overfit"]


@pytest.mark.parametrize("kind", ["suspiciously good", "repeated rows", "later rows differ"])
@pytest.mark.parametrize(("runs", "said"), [(1, False), (2, True), (3, True)])
def test_a_choice_by_scores_that_are_in_doubt_says_so(kind: str, runs: int, said: bool) -> None:
    """A leak, copies or later rows, where most runs of the best setting have the note."""
    records = beside({"4": [0.98, 0.97, 0.99], "16": [0.1] * 3}, logistic=[0.9] * 3)
    for number, record in enumerate(records):
        note = {"kind": kind, "words": f"{kind}: look"}
        record.result["verdict"]["notes"] = [note] * (number < runs)
    found = cautions(rank(records, "metric"))
    assert found == [f"the best setting: {kind}: look"] * said


def test_the_best_baseline_has_all_runs() -> None:
    """One that is missing in a run, or not finite, is none."""
    records = beside({"4": [0.9, 0.8]}, constant=[0.5] * 2, boosting=[0.99, float("nan")])
    ranking = rank(records, "metric")
    assert best_baseline(ranking.best, higher_is_better=True) == "constant"
    boosting = difference(ranking.best, "boosting")
    assert boosting is not None
    assert boosting.mean == pytest.approx(-0.09)
    assert boosting.error is None
    assert difference(ranking.best, None) is None


def test_tables_have_the_difference() -> None:
    """On the terminal, in LaTeX, and in settings.csv with all digits."""
    ranking = ranked(0.98, 0.97, 0.99, logistic=[0.99, 0.985, 0.995])
    headings = headings_of(ranking, "val", "se")
    assert headings == ["val", "se", "minus logistic", "runs", "parameters"]
    assert numbers_of(ranking, ranking.best)[2] == "-0.010 ± 0.0029"
    assert "minus logistic" in latex_table(ranking)
    rows = list(csv.DictReader(io.StringIO(settings_table(ranking))))
    assert [row["model.width"] for row in rows] == ["4", "16"]
    assert float(rows[0]["minus_logistic"]) == pytest.approx(-0.01)
    assert float(rows[0]["minus_logistic_se"]) == pytest.approx(0.0029, abs=1e-4)
    assert [row["standing"] for row in rows] == ["best", ""]
    assert list(rows[0])[1:3] == [f"val_{ranking.score}", f"val_{ranking.score}_se"]


def test_runs_without_baselines_have_no_such_column() -> None:
    """As those of before there were any."""
    ranking = rank([run({"model.width": "4"}, seed, 0.9) for seed in range(2)], "metric")
    assert ranking.baseline is None
    assert headings_of(ranking, "val", "se") == ["val", "se", "runs", "parameters"]
    assert "minus" not in settings_table(ranking)
