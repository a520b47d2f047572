"""The large numbers at the top of a sweep's page."""

from compared import run

from mlp_lab.compare.headline import headlines
from mlp_lab.compare.ranking import rank
from mlp_lab.report.headline import Headline


def test_numbers_of_the_best_setting() -> None:
    """Means over its runs; a baseline that was not finite in one of them is left out."""
    values: dict[str, list[float | None]] = {
        "logistic": [0.9, 0.92],
        "constant": [0.5, 0.5],
        "boosting": [0.99, None],
    }
    records = [
        run(
            *({"model.width": "4"}, seed, 0.94 + seed / 50),
            baselines={
                name: {"val": {"accuracy": scores[seed]}} for name, scores in values.items()
            },
        )
        for seed in (0, 1)
    ]
    ranking = rank(records, "metric")
    assert ranking.baseline == "logistic"
    means = {name for name, own in ranking.best.baselines.items() if len(own) == 2}
    assert means == {"logistic", "constant"}
    assert headlines(ranking) == [
        Headline("best validation accuracy", "95 ± 1 %", "mean of 2 runs ± standard error"),
        Headline("the same on the test rows", "50 ± 0 %", "which nothing was chosen by"),
        Headline("best baseline", "91 %", "logistic, on the validation rows"),
    ]
