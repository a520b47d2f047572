"""Bias, variance and errors, computed again."""

import numpy as np
import pytest
from given import evidence, networks

from mlp_lab.lessons.page import figure
from mlp_lab.lessons.tables import by_seed, table_of, where
from mlp_lab.lessons.under_and_overfitting import LESSON, bias_and_variance, optimism

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
    (network,) = networks(["experiment=under_and_overfitting", "epochs=3", "dtype=float64"])
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


def test_every_training_set_has_a_preferred_width_of_its_own() -> None:
    """Two sets of one seed that prefer different widths."""
    rows = [(1, 0, 0.1, 0.5), (2, 0, 0.2, 0.3), (1, 1, 0.4, 0.4), (2, 1, 0.3, 0.7)]
    table = table_of(
        {"seed": 5, "width": width, "set": number, "val": val, "test": test}
        for width, number, val, test in rows
    )
    assert optimism(table) == pytest.approx([((0.5 - 0.1) + (0.7 - 0.3)) / 2])


def test_values_follow_from_the_tables() -> None:
    found = evidence(NAME)
    table, parts = found.tables["widths"], found.tables["decomposition"]
    values = {name: finding.values for name, finding in found.findings.items()}
    for seed in range(2):
        gaps, test = [], []
        for number in range(3):
            own = where(table, seed=seed, set=number)
            assert own["width"].tolist() == [1, 8, 64]
            gaps.append(own["test"].iloc[own["val"].argmin()] - own["val"].min())
            test.append(own["test"].to_numpy())
        assert values["optimism"][seed] == pytest.approx(np.mean(gaps))
        bias, variance = (by_seed(parts, part, width=64)[seed] for part in ("bias", "variance"))
        assert variance > 0
        assert bias < np.mean(test, axis=0)[-1]
        rows = where(found.tables["rows"], seed=seed).set_index("rows")
        gap = rows["test"] - rows["train"]
        assert values["rows"][seed] == pytest.approx(gap[15] / gap[10])


def test_the_figure_draws_the_tables() -> None:
    tables = evidence(NAME).tables
    axes = figure(LESSON, tables).axes
    lines = {str(line.get_label()): line for line in axes[0].lines}
    for part, label in (("train", "training"), ("val", "validation"), ("test", "test")):
        of_widths = [where(tables["widths"], width=width) for width in (1, 8, 64)]
        errors = [own.groupby("seed")[part].mean() for own in of_widths]
        means = [np.exp(np.log(own).mean()) for own in errors]  # of logarithms, as is the axis
        assert np.asarray(lines[f"{label} rows"].get_ydata()) == pytest.approx(means)
    assert len(axes) == 6
    assert len(axes[4].lines) == 2  # test rows are not measured after each epoch
