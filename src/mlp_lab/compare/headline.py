"""The numbers at the top of a sweep's page: what the best setting reached, and against what."""

from collections.abc import Sequence

from mlp_lab.compare.conclusion import scores_on_test_rows
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.settings import Setting
from mlp_lab.compare.statistics import mean_of, standard_error
from mlp_lab.formatting import counted, four_digits, significant
from mlp_lab.report.headline import (
    Headline,
    best_baseline,
    is_share,
    named,
    percent_with_error,
    written,
)


def headlines(ranking: Ranking) -> list[Headline]:
    """Validation and test scores of the best setting, and the best baseline's validation score."""
    score, best = ranking.score, ranking.best
    runs = counted(len(best.scores), "run")
    found = [
        Headline(
            f"best validation {named(score)}",
            with_error(score, list(best.scores.values())),
            f"mean of {runs}" + " ± standard error" * (len(best.scores) > 1),
        )
    ]
    tests = scores_on_test_rows(best, score)
    if tests:
        words = "which nothing was chosen by"
        found.append(Headline("the same on the test rows", with_error(score, tests), words))
    rival = best_baseline(mean_baselines(best, score), "val", score)
    if rival is not None:
        name, value = rival
        words = f"{name}, on the validation rows"
        found.append(Headline("best baseline", written(score, value), words))
    return found


def mean_baselines(setting: Setting, score: str) -> dict[str, dict[str, dict[str, float]]]:
    """Baseline -> validation rows -> its mean score over a setting's runs, where all are finite."""
    runs = [run.result["baselines"] for run in setting.runs if not run.reason]
    found = {}
    for name in runs[0]:
        values = [baselines.get(name, {}).get("val", {}).get(score) for baselines in runs]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            found[name] = {"val": {score: mean_of(known)}}
    return found


def with_error(score: str, values: Sequence[float]) -> str:
    """Mean ± standard error in the units that one says a score in.

    >>> with_error("accuracy", [0.95, 0.97]), with_error("rmse", [31000.0, 33000.0])
    ('96 ± 1 %', '32,000 ± 1000')
    """
    mean, error = mean_of(values), standard_error(values)
    if error is None:
        return written(score, mean)
    if is_share(score):
        return percent_with_error(mean, error)
    return f"{four_digits(mean)} ± {significant(error, 2)}"
