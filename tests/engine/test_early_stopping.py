"""When a member stops and which epoch was its best, on records written by hand."""

import dataclasses
import math
from collections.abc import Callable

import pytest

from mlp_lab.engine.early_stopping import EarlyStopping, StopConfig
from mlp_lab.engine.records import Divergence, MemberRecord
from mlp_lab.errors import UserError


def record(epoch: int, value: float, *, name: str = "loss", change: float = 1.0) -> MemberRecord:
    """An epoch with one validation score that matters."""
    val = {"loss": 9.0, "accuracy": 0.5, name: value}
    return MemberRecord(0, epoch, {"loss": 0.0, "accuracy": 1.0}, val, 0.1, change, None)


def config(
    *,
    patience: int | None = None,
    monitor: str = "loss",
    min_delta: float = 0.0,
    weights_tol: float | None = None,
    seconds: float | None = None,
) -> StopConfig:
    """All off but what is named."""
    return StopConfig(
        patience=patience,
        monitor=monitor,
        min_delta=min_delta,
        weights_tol=weights_tol,
        seconds=seconds,
    )


def watch(
    values: list[float], *, name: str, monitor: str, min_delta: float
) -> tuple[EarlyStopping, list[int]]:
    """The watch after these epochs, and which of them were the best so far."""
    watched = EarlyStopping()
    best = [
        epoch
        for epoch, value in enumerate(values, start=1)
        if watched.observe(record(epoch, value, name=name), monitor, min_delta)
    ]
    return watched, best


@pytest.mark.parametrize(
    ("values", "min_delta", "best", "waited"),
    [
        ([3, 2, 1], 0.0, [1, 2, 3], 0),
        ([3, 2, 2, 2], 0.0, [1, 2], 2),
        ([3, 4, 2, 5, 6, 7], 0.0, [1, 3], 3),
        ([3, 2.95, 2.9, 2.85], 0.1, [1, 2, 3, 4], 0),
        ([3, 2.75, 2.25], 0.5, [1, 2, 3], 0),
        ([3, 2.5, 2.5], 0.5, [1, 2], 2),
    ],
)
def test_watch_on_the_loss(
    values: list[float], min_delta: float, best: list[int], waited: int
) -> None:
    """Patience wants more than min_delta; the best epoch is the best, by however little."""
    watched, found = watch(values, name="loss", monitor="loss", min_delta=min_delta)
    assert found == best
    assert (watched.best_epoch, watched.waited) == (best[-1], waited)
    assert watched.best == values[best[-1] - 1]


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [("accuracy", [0.5, 0.7, 0.6, 0.7, 0.8], [1, 2, 5]), ("loss", [5.0, 4.0, 3.0], [1])],
)
def test_watch_on_the_metric(name: str, values: list[float], best: list[int]) -> None:
    """A rising accuracy improves; the loss does not matter."""
    assert watch(values, name=name, monitor="metric", min_delta=0.0)[1] == best


def test_watch_on_an_error() -> None:
    """A falling rmse improves."""
    watched = EarlyStopping()
    scores = [{"loss": 1.0, "rmse": rmse, "mae": 1.0, "r2": 0.0} for rmse in (3.0, 4.0, 2.0)]
    records = [
        MemberRecord(0, k + 1, score, score, 0.1, 1.0, None) for k, score in enumerate(scores)
    ]
    assert [watched.observe(one, "metric", 0.0) for one in records] == [True, False, True]


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("roc_auc", [0.5, 0.7, 0.6, 0.8], [1, 2, 4]),
        ("brier", [0.5, 0.7, 0.4, 0.8], [1, 3]),
        ("f1", [math.nan, math.nan, 0.1, math.nan, 0.2], [1, 2, 3, 5]),
    ],
)
def test_watch_on_any_score(monitor: str, values: list[float], best: list[int]) -> None:
    """In its own direction; until it is known, the last epoch counts as the best."""
    assert watch(values, name=monitor, monitor=monitor, min_delta=0.0)[1] == best


def test_without_validation_the_last_epoch_is_the_best() -> None:
    """Training scores select nothing."""
    watched = EarlyStopping()
    for epoch, loss in enumerate([1.0, 2.0, 3.0], start=1):
        assert watched.observe(
            MemberRecord(0, epoch, {"loss": loss}, {}, 0.1, 1.0, None), "loss", 0.0
        )
    assert (watched.best_epoch, watched.waited, watched.best) == (3, 0, 3.0)


def test_patience() -> None:
    """So many epochs in a row without an improvement, not one fewer."""
    watched, stop = EarlyStopping(), config(patience=2)
    reasons = []
    for epoch, value in enumerate([3.0, 4.0, 2.0, 2.0, 2.5], start=1):
        one = record(epoch, value)
        watched.observe(one, "loss", 0.0)
        reasons.append(watched.reason_to_stop(one, stop, 0.0))
    assert reasons == ["", "", "", "", "no better loss for 2 epochs"]


@pytest.mark.parametrize(
    ("change", "stops"), [(0.011, False), (0.01, True), (0.0, True), (1.0, False)]
)
def test_weights_tol(change: float, stops: bool) -> None:
    """A small enough move ends the training."""
    reason = EarlyStopping().reason_to_stop(
        record(1, 1.0, change=change), config(weights_tol=0.01), 0.0
    )
    assert bool(reason) == stops
    assert not stops or "weights moved" in reason


@pytest.mark.parametrize(("seconds", "stops"), [(1.9, False), (2.0, True), (5.0, True)])
def test_seconds(seconds: float, stops: bool) -> None:
    """A spent budget ends the training."""
    reason = EarlyStopping().reason_to_stop(record(1, 1.0), config(seconds=2.0), seconds)
    assert reason == ("time budget of 2 s" if stops else "")


def test_null_is_off() -> None:
    """Nothing stops a run that sets nothing."""
    watched = EarlyStopping(best=1.0, best_epoch=1, waited=10**6)
    assert watched.reason_to_stop(record(9, 2.0, change=0.0), config(), 1e9) == ""


@pytest.mark.parametrize(
    ("key", "build"),
    [
        ("patience", lambda: config(patience=0)),
        ("weights_tol", lambda: config(weights_tol=0.0)),
        ("seconds", lambda: config(seconds=-1.0)),
        ("min_delta", lambda: config(min_delta=-0.1)),
        ("monitor", lambda: config(monitor="acuracy")),
    ],
)
def test_refusals_name_the_key(key: str, build: Callable[[], StopConfig]) -> None:
    """What no run can mean."""
    with pytest.raises(UserError, match=f"stop.{key}"):
        build()


def test_an_epoch_that_diverged_is_not_the_best() -> None:
    """Not even if it is the first; nor is one chosen by what stays unknown."""
    watched = EarlyStopping()
    diverged = dataclasses.replace(record(1, math.nan), diverged=Divergence(1, 1, 0.1))
    assert not watched.observe(diverged, "loss", 0.0)
    assert watched.best_epoch == 0
    for epoch in (1, 2):
        assert watched.observe(record(epoch, math.nan, name="roc_auc"), "roc_auc", 0.0)
    said = watched.reason_to_stop(record(2, 0.0), config(patience=2, monitor="roc_auc"), 0.0)
    assert said == "roc_auc was not known for 2 epochs"
