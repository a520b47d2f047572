"""Settings that were typed, and that nothing reads."""

import pytest
from lab import configure

from mlp_lab.config.unread import READERS, by_key, unread


def told(*jobs: tuple[str, ...]) -> list[str]:
    """What is said of jobs that were typed so."""
    return unread((configure(*words), by_key(words)) for words in jobs)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("model.bins=10",), "model.bins=10 changes nothing: it needs model.embedding=piecewise"),
        (("data.quantiles=90",), "data.quantiles=90 changes nothing: it needs data.scaling=quant"),
        (("model=perceptron", "model.width=8"), "model.width=8 changes nothing: it needs a hidden"),
        (("averaging.decay=0.9",), "averaging.decay=0.9 changes nothing: it needs averaging.kind"),
        (
            ("tracking.tensorboard=false", "tracking.histograms=1"),
            "tracking.histograms=1 changes nothing: it needs tracking.tensorboard=true",
        ),
        (
            ("model.embedding=piecewise", "model.frequencies=3"),
            "model.frequencies=3 changes nothing: it needs model.embedding=periodic or both",
        ),
    ],
)
def test_it_is_said(words: tuple[str, ...], line: str) -> None:
    """In one line, with what it takes."""
    (said,) = told(words)
    assert said.startswith(line)


def test_what_is_read_is_not_said() -> None:
    """Nor what a group brings with it, nor what only some jobs of a sweep do not read."""
    assert told(("model.embedding=both", "model.bins=10", "model.frequencies=3")) == []
    assert told(("model=tabular",), ("averaging.kind=ema", "averaging.decay=0.9")) == []
    assert told(("model.bins=9",), ("model.bins=9", "model.embedding=both")) == []
    assert len(told(("model.bins=9",), ("model.bins=8",))) == 1


@pytest.mark.parametrize("key", READERS)
def test_every_key_exists(key: str) -> None:
    """As a setting of its group."""
    group, name = key.split(".")
    assert hasattr(getattr(configure(), group), name)
