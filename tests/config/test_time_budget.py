"""How a time is written."""

import pytest

from mlp_lab.config.time_budget import seconds_of, written
from mlp_lab.errors import UserError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("60s", 60), ("5m", 300), ("1h", 3600), ("90", 90), (7, 7), (0.5, 0.5), (".5m", 30)],
)
def test_units(value: float | str, seconds: float) -> None:
    """Seconds, minutes, hours; what is written again is the same time."""
    assert seconds_of(value, "budget") == seconds
    assert seconds_of(written(seconds), "budget") == seconds


@pytest.mark.parametrize("value", ["5x", "", "m", "-3s", "1e3", 0, -1, "0s", "1h30m", "60 sec"])
def test_what_is_none(value: float | str) -> None:
    """The key, the rule and the value, in one line."""
    with pytest.raises(UserError, match=r"^budget must be positive seconds, or a number with its"):
        seconds_of(value, "budget")


def test_a_year_is_enough() -> None:
    """More was not meant."""
    with pytest.raises(UserError, match=r"^budget must be at most a year, got '9999h'"):
        seconds_of("9999h", "budget")
