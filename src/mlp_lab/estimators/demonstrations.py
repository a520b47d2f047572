"""Lessons and traces from Python: what the commands of these names print, as objects."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from mlp_lab.config.groups import chosen, config_folder
from mlp_lab.config.schema import Config
from mlp_lab.errors import require, require_choice
from mlp_lab.estimators.settings import config_of, from_words, key_of, plain, values_of
from mlp_lab.lessons import FIRST
from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.giving import in_words, measured
from mlp_lab.lessons.lesson import Evidence
from mlp_lab.lessons.page import figure
from mlp_lab.terminal import Screen
from mlp_lab.trace.backprop import trace as traced
from mlp_lab.trace.networks import traced_network
from mlp_lab.trace.quantities import Trace
from mlp_lab.trace.request import OWN, TraceRequest
from mlp_lab.trace.svg import svg
from mlp_lab.trace.text import markdown, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class GivenLesson:
    """What `mlp_lab.lesson` gives: claims of a textbook, and what was measured of them."""

    def __init__(self, name: str, evidence: Evidence) -> None:
        self.name = name
        self._evidence = evidence

    @property
    def question(self) -> str:
        """What it asks."""
        return LESSONS[self.name].question

    @property
    def claims(self) -> pd.DataFrame:
        """A row for each claim: mean over seeds, its 95 % interval, and whether it holds.

        `holm`: whether it is decided after Holm's correction over the lesson's claims, too.
        """
        rows = [
            {
                "claim": found.claim.text,
                "measure": found.claim.measure,
                "rule": found.claim.rule,
                "mean": found.mean,
                "low": found.interval[0],
                "high": found.interval[1],
                "p_value": found.p_value,
                "verdict": found.verdict,
                "holm": not found.quick and key in self._evidence.surviving,
            }
            for key, found in self._evidence.findings.items()
        ]
        return pd.DataFrame(rows, index=[*self._evidence.findings])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """What was measured, by name."""
        return dict(self._evidence.tables)

    def plot(self) -> Figure:
        """Draw all panels of the lesson."""
        return figure(LESSONS[self.name], self._evidence.tables)

    def __repr__(self) -> str:
        return in_words(self.question, self._evidence)

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{escape(note)}</li>" for note in self._evidence.notes)
        table = self.claims[["claim", "mean", "low", "high", "verdict", "holm"]].to_html(border=0)
        chance = f"<p>{escape(self._evidence.words_on_chance())}</p>"
        return f"<h3>{escape(self.question)}</h3>{chance}{table}<ul>{notes}</ul>"


def lesson(
    name: str, *, quick: bool = False, seeds: int | None = None, first: int = FIRST
) -> GivenLesson:
    """Train a lesson's networks over several seeds, and test its claims on them.

    Args:
        name: as `mlp-lab lesson` lists them, `"double_descent"`.
        quick: a small form, for trying out.
        seeds: networks of each setting; None takes the lesson's own number.
        first: the first seed.

    Raises:
        UserError: there is no such lesson, or a number cannot be.
    """
    require_choice(name, "lesson", LESSONS)
    require(seeds is None or seeds >= 2, "seeds", "2 or more, or None", seeds)
    count = seeds or (2 if quick else LESSONS[name].seeds)
    found = measured(
        name, config_folder(), Screen(), quick=quick, seeds=range(first, first + count)
    )
    return GivenLesson(name, found)


class TracedNetwork:
    """What `mlp_lab.trace` gives: every quantity of a forward and a backward pass, by name."""

    def __init__(self, found: Trace, entries: int) -> None:
        self._found, self._entries = found, entries

    @property
    def svg(self) -> str:
        """The network with its values, as a drawing."""
        return svg(self._found)

    def __repr__(self) -> str:
        return "\n".join(text(self._found, self._entries))

    def _repr_markdown_(self) -> str:
        return markdown(self._found, self._entries)


def trace(
    *words: str, rows: int | None = None, entries: int = 6, **settings: object
) -> TracedNetwork:
    """The backward pass of a small network: formulas, shapes and values, beside autograd's.

    Args:
        words: a run folder, or settings as on the command line; without any, the course's example.
        rows: of the run or the data set.
        entries: most that are shown of a quantity.
        settings: by keyword, `model="shallow", width=3`, and numbers of your own,
            `x=[[1, 2]], t=[[0]], Omega_0=...`.

    Raises:
        UserError: settings, numbers, data or run cannot be used.
    """
    require(entries >= 1, "entries", "1 or more", entries)
    own = [
        f"{name if OWN.fullmatch(name) else key_of(name)}={plain(value)}"
        for name, value in settings.items()
    ]
    request = TraceRequest.of([*words, *own], None, rows)
    return TracedNetwork(traced(traced_network(request, _composed)), entries)


def _composed(words: list[str]) -> Config:
    data = chosen("data", "digits")["data"]
    assert isinstance(data, dict)
    return config_of(values_of(from_words(words), data))
