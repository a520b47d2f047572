"""`mlp_lab.play`: its words are those of the command, and composed to the same settings."""

import asyncio
from pathlib import Path

import pandas as pd
import pytest

import mlp_lab
from mlp_lab.commands.composing import composed
from mlp_lab.errors import UserError
from mlp_lab.estimators import live
from mlp_lab.play.settings import COPIES, Settings, begun

FRAME = pd.DataFrame({"age": [20.5, 30, 41, 52] * 6, "it's so": ["yes", "no"] * 12})


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["data=sine", "model=shallow", "model.width=3", "model.activation=relu"],
        ["data=iris", "model.width=[8,4]", "optimizer=sgd", "optimizer.lr=1e-1", "seed=3"],
        ["data=digits", "schedule=step", "stop.patience=5", "loss=cce", "data.rows=null"],
    ],
)
def test_settings_are_those_of_the_command(words: list[str]) -> None:
    """Without Hydra, since a notebook needs none."""
    if "data.rows=null" in words:
        words = words[:-1]
    (variant,) = Settings.of(begun(words)).variants
    found, values = live.compose(variant)
    wanted, others = composed(variant)
    assert found == wanted
    assert values == others


class Asked(Exception):
    """The words that a page would begin with."""


def words_of(monkeypatch: pytest.MonkeyPatch, *data: object, **settings: object) -> list[str]:
    """The words of a call, and what its frame's file holds."""

    def page(words: list[str], compose: object, folder: object) -> None:
        raise Asked(words)

    monkeypatch.setattr(live, "LivePage", page)
    with pytest.raises(Asked) as found:
        mlp_lab.play(*data, **settings)  # type: ignore[arg-type]
    return list(found.value.args[0])


def test_words_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keywords and words, values of several networks too."""
    assert "data=spirals" in words_of(monkeypatch)
    found = words_of(monkeypatch, "iris", "optimizer.lr=0.1,0.2", width=[8, 4], depth=2)
    assert found[0] != "data=spirals"
    assert {"data=iris", "optimizer.lr=0.1,0.2", "model.width=[8,4]", "model.depth=2"} <= {*found}


def test_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows go to the engine's process as a file, which is gone where there is no page."""
    found = words_of(monkeypatch, FRAME, target="it's so")
    (path,) = (word for word in found if word.startswith("data.path="))
    assert COPIES in path
    assert not Path(path.partition("=")[2].strip("'")).exists()
    assert 'data.target="it\'s so"' in found


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        ("iris", {"lr": -1}, "optimizer.lr must be positive, got -1"),
        ("irsi", {}, "got 'irsi': did you mean 'iris'?"),
        ("iris", {"q": 1}, "unknown"),
        (FRAME, {"target": "votes"}, "votes"),
        (FRAME, {}, "target"),
        (pd.DataFrame({"k": range(40), "y": [1, 2] * 20}), {"target": "y"}, "of the DataFrame is"),
    ],
)
def test_what_cannot_be_is_said_by_the_cell(
    data: object, settings: dict[str, object], message: str
) -> None:
    async def cell() -> None:
        mlp_lab.play(data, **settings)  # type: ignore[arg-type]

    with pytest.raises(UserError) as found:
        asyncio.run(cell())
    assert message in str(found.value)
    assert "\n" not in str(found.value)
