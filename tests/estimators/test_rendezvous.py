"""Who waits for whom."""

import pytest

from mlp_lab.errors import UserError
from mlp_lab.estimators.rendezvous import Rendezvous, current, meeting


def test_a_thread_knows_where_it_meets_others() -> None:
    rendezvous = Rendezvous(2)
    assert current() is None
    with meeting(rendezvous):
        assert current() is rendezvous
    assert current() is None


def test_nobody_waits_in_a_search_that_was_stopped() -> None:
    rendezvous = Rendezvous(2)
    rendezvous.abort()
    with pytest.raises(UserError, match="the search was interrupted"):
        rendezvous.fitted(None)  # type: ignore[arg-type]
