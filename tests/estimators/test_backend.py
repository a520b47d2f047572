"""joblib's backend, with tasks that are no fits."""

import joblib
import pytest

from mlp_lab.estimators.backend import NAME, register


def square(number: int) -> int:
    if number == 3:
        raise ZeroDivisionError("three")
    return number * number


def test_tasks_without_a_fit() -> None:
    register()
    with joblib.parallel_config(backend=NAME):
        assert joblib.Parallel()(joblib.delayed(square)(i) for i in (1, 2, 4)) == [1, 4, 16]
        with pytest.raises(ZeroDivisionError, match="three"):
            joblib.Parallel()(joblib.delayed(square)(i) for i in range(600))
        lazy = joblib.Parallel(return_as="generator")(joblib.delayed(square)(i) for i in (1, 2))
        assert list(lazy) == [1, 4]


def test_no_task_at_once() -> None:
    with joblib.parallel_config(backend=NAME), pytest.raises(ValueError, match="n_jobs == 0"):
        joblib.Parallel(n_jobs=0)(joblib.delayed(square)(i) for i in (1, 2))
