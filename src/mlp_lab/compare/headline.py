"""The numbers at the top of a sweep's page: what the best setting reached, and against what."""

from collections.abc import Sequence

from mlp_lab.compare.conclusion import scores_on_test_rows
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.statistics import mean_of, standard_error
from mlp_lab.formatting import counted, error_written, score_written
from mlp_lab.report.headline import Headline, is_share, named, percent_with_error, written


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
    if ranking.baseline is not None:
        value = mean_of(list(best.baselines[ranking.baseline].values()))
        words = f"{ranking.baseline}, on the validation rows"
        found.append(Headline("best baseline", written(score, value), words))
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
    return f"{score_written(score, mean)} ± {error_written(error)}"
