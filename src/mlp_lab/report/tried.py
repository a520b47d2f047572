"""What a run with a budget tried, and what it kept with which weight: a table of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp_lab.formatting import counted, score_written
from mlp_lab.runs.tried import kept_in_words

MOST_ROWS = 40
"""Settings that a page lists."""

AS_CHOSEN = "as chosen"


@dataclass(frozen=True, slots=True)
class TriedSetting:
    """Networks of one setting: how many were tried and kept, and the best of them.

    `weight`: of all of them in the mean that the run predicts; `epochs`: the most that one had;
    `val_loss`: the least.
    """

    words: str
    tried: int
    kept: int
    weight: float
    epochs: int
    val_loss: float | None

    @property
    def cells(self) -> list[str]:
        """As a page shows it, after its words."""
        loss = "" if self.val_loss is None else score_written("loss", self.val_loss)
        weight = f"{self.weight:.2g}" if self.weight else ""
        return [str(self.tried), f"{self.epochs:,}", loss, str(self.kept or ""), weight]


HEADINGS = ("networks", "most epochs", "best val loss", "kept", "weight")


@dataclass(frozen=True, slots=True)
class Tried:
    """All settings, the largest weight first, then by validation loss; `more` are not listed."""

    words: str
    settings: Sequence[TriedSetting]
    more: int


def tried(result: Mapping[str, Any]) -> Tried | None:
    """What a result says of its budget; None where there was none."""
    budget = result.get("budget")
    if budget is None:
        return None
    by_words: dict[str, list[Mapping[str, Any]]] = {}
    for trial in budget["networks"]:
        changes = " ".join(f"{key}={_shown(value)}" for key, value in trial["changes"].items())
        by_words.setdefault(changes or AS_CHOSEN, []).append(trial)
    settings = sorted((_setting(words, own) for words, own in by_words.items()), key=_order)
    words = f"{kept_in_words(result)}; {counted(budget['rounds'], 'round')} in all."
    return Tried(words, settings[:MOST_ROWS], len(settings[MOST_ROWS:]))


def _setting(words: str, trials: Sequence[Mapping[str, Any]]) -> TriedSetting:
    losses = [trial["val_loss"] for trial in trials if trial["val_loss"] is not None]
    return TriedSetting(
        words=words,
        tried=len(trials),
        kept=sum(trial["weight"] > 0 for trial in trials),
        weight=sum(trial["weight"] for trial in trials),
        epochs=max(trial["epochs"] for trial in trials),
        val_loss=min(losses, default=None),
    )


def _order(setting: TriedSetting) -> tuple[float, float]:
    return -setting.weight, float("inf") if setting.val_loss is None else setting.val_loss


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace(" ", "")
