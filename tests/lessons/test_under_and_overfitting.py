"""Bias, variance and errors, computed again."""

import numpy as np
import pytest
from given import old_bench as bench
from given import old_evidence as evidence
from given import old_lesson

from mlp_lab.lessons.old.lesson import column
from mlp_lab.lessons.under_and_overfitting import bias_and_variance

NAME = "under_and_overfitting"


def test_bias_and_variance_of_what_is_known() -> None:
    """Fits that are the truth, a shift, and noise: both are recovered without bias."""
    generator = np.random.default_rng(0)
    truth = np.sin(np.linspace(0, 3, 50))
    found = np.array(
        [
            bias_and_variance(truth + 0.5 + 0.2 * generator.standard_normal((4, 50)), truth)
            for _ in range(500)
        ]
    )
    assert found.mean(axis=0) == pytest.approx([0.25, 0.04], rel=0.02)


def test_a_test_error_is_that_of_rows_that_neither_train_nor_validate() -> None:
    """The engine's own score of the validation rows, and the same by hand for the test rows."""
    words = ["experiment=under_and_overfitting", "epochs=3", "dtype=float64"]
    (network,) = bench().train([words])
    encoded = network.problem.encoded
    assert (len(encoded.train), len(encoded.val), len(encoded.test)) == (30, 200, 200)
    target = encoded.schema.target
    errors = {
        part: np.mean((network.predicted(rows.inputs) - target.decode(rows.targets)) ** 2)
        for part, rows in (("val", encoded.val), ("test", encoded.test))
    }
    assert errors["val"] == pytest.approx(network.last("val_rmse") ** 2)
    assert errors["test"] != pytest.approx(errors["val"])
    inputs = [set(rows.inputs[:, 0]) for rows in (encoded.train, encoded.val, encoded.test)]
    assert len(set.union(*inputs)) == 430


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    networks = found.tables["widths"]
    for seed in range(2):
        gaps = []
        for number in range(3):
            own = {"seed": seed, "set": number}
            val, test = (column(networks, part, **own) for part in ("val", "test"))
            assert len(val) == 3
            gaps.append(test[int(np.argmin(val))] - min(val))
        assert found.values["flattery"][seed] == pytest.approx(np.mean(gaps))
        wide = {"width": 64, "seed": seed}
        (bias,) = column(found.tables["decomposition"], "bias", **wide)
        (variance,) = column(found.tables["decomposition"], "variance", **wide)
        assert variance > 0
        assert bias < np.mean(column(networks, "test", **wide))


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = old_lesson(NAME).draw(tables).axes
    lines = {str(line.get_label()): line for line in axes[0].lines}
    for part in ("train", "val", "test"):
        (line,) = [line for label, line in lines.items() if label.startswith(part)]
        means = [
            np.mean([np.mean(column(tables["widths"], part, width=w, seed=s)) for s in range(2)])
            for w in (1, 8, 64)
        ]
        assert np.asarray(line.get_ydata()) == pytest.approx(means)
