"""Who waits for whom."""

from typing import Any

import pytest
from sklearn.datasets import load_iris

from mlp_lab import GridSearchCV, MLPClassifier
from mlp_lab.errors import UserError
from mlp_lab.estimators import batches, rendezvous
from mlp_lab.estimators.rendezvous import Rendezvous, current, meeting


def test_a_thread_knows_where_it_meets_others() -> None:
    place = Rendezvous(2)
    assert current() is None
    with meeting(place):
        assert current() is place
    assert current() is None


def test_tasks_begin_as_far_as_memory_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first alone; then three of its size at once, and a stack of three."""
    sizes: list[int] = []
    trained = batches.train_together

    def count(requests: Any, *others: Any) -> Any:
        sizes.append(len(requests))
        return trained(requests, *others)

    monkeypatch.setattr(rendezvous, "train_together", count)
    X, y = load_iris(return_X_y=True)
    size = MLPClassifier(epochs=1).fit(X, y)._fitted.run.prepared.encoded.nbytes
    room = 3.5 * size * rendezvous.COPIES / rendezvous.MEMORY
    monkeypatch.setattr(rendezvous, "free_memory", lambda: room)
    GridSearchCV(MLPClassifier(epochs=1), {"seed": [*range(4)]}, cv=[([*range(150)], [0])] * 2).fit(
        X, y
    )
    assert max(sizes) == 3
    assert sum(sizes) == 8


def test_nobody_waits_in_a_search_that_was_stopped() -> None:
    place = Rendezvous(2)
    place.abort()
    with pytest.raises(UserError, match="the search was interrupted"):
        place.fitted(None)  # type: ignore[arg-type]
