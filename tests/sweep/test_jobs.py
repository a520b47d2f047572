"""What makes a job of a sweep the same job, and what it may share a stack with."""

import pytest
from lab import changed, values_of
from sweeps import iris_job

from mlp_lab.errors import UserError
from mlp_lab.sweep.jobs import identity, products, steps_of


def test_identity_is_what_numbers_depend_on() -> None:
    """Settings and data, not where files lie or how the run is watched."""
    values = values_of("data=iris")
    same = changed(values, {"device": "cpu", "quiet": True, "threads": 2, "tracking.report": False})
    assert identity(values, "data") == identity(same, "data")
    assert identity(values, "data") != identity(values, "other data")
    for key, value in {"seed": 1, "epochs": 7, "optimizer.lr": 0.5, "data.split_seed": 3}.items():
        assert identity(changed(values, {key: value}), "data") != identity(values, "data")


def test_a_job_knows_its_network_and_its_rows() -> None:
    """Before anything is built: 4 inputs, 3 species, 98 training rows."""
    job = iris_job(7, model__width=5, batch_size=32, epochs=10)
    assert job.sizes == (4, 5, 3)
    assert job.parameters == 4 * 5 + 5 + 5 * 3 + 3
    assert products(job.sizes, ["relu"]) == 4 * 5 + 5 * 3
    assert products(job.sizes, ["swiglu"]) == 4 * 10 + 5 * 3
    assert (job.rows, steps_of(job)) == (98, 4 * 10)
    assert steps_of(iris_job(7, batch_size="full", epochs=10)) == 10
    assert job.label == "job 7 (model.width=5 batch_size=32 epochs=10)"


@pytest.mark.parametrize(
    ("key", "value", "together"),
    [
        *(("seed", 1, True), ("model.width", 9, True), ("optimizer.lr", 0.1, True)),
        *(("model.dropout", 0.5, True), ("epochs", 3, True), ("data.split_seed", 5, True)),
        *(("model.activation", "tanh", False), ("model.depth", 2, False)),
        *(("batch_size", 8, False), ("dtype", "float64", False), ("gradient", "autograd", False)),
        ("optimizer.amsgrad", True, False),
        ("loss.label_smoothing", 0.1, False),
    ],
)
def test_what_may_differ_in_a_stack(key: str, value: object, together: bool) -> None:
    """Numbers of a member may; what all share may not."""
    other = iris_job(1, **{key.replace(".", "__"): value})
    assert (iris_job(0).group == other.group) == together
    assert iris_job(0).identity != other.identity


def test_settings_that_do_not_fit_their_data_are_refused() -> None:
    """In words."""
    with pytest.raises(UserError, match="batch_size must be at most the 98 training rows"):
        iris_job(0, batch_size=99)
