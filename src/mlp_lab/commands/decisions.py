"""Options of commands that decide otherwise, and what is said of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlp_lab.errors import UserError
from mlp_lab.formatting import four_digits, percent
from mlp_lab.metrics.coverage import half_widths, intervals_in_words

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from mlp_lab.metrics.decision_threshold import Rates, Threshold
    from mlp_lab.predictor import Predictor

DECIDING = ("threshold", "cost", "class_name", "interval")
"""What may be said of decisions."""

LOW_AND_HIGH = "columns low and high: an interval that holds this share of new rows"


@dataclass(frozen=True, slots=True)
class Deciding:
    """What an option said: of two classes when one is decided for, or what missing it costs.

    `interval`: the share of new rows that an interval around a number is to hold.
    """

    threshold: float | None = None
    cost: float | None = None
    class_name: str | None = None
    interval: float | None = None

    def chosen(self, predictor: Predictor) -> Threshold | None:
        """The threshold, if there is one; an interval is tried, before any row is read.

        Raises:
            UserError: the options contradict each other, or the run.
        """
        if self.interval is not None:
            import numpy as np  # noqa: PLC0415  `--help` stays fast

            outputs = np.zeros((1, predictor.schema.target.outputs))
            predictor.intervals(outputs, self.interval)
        if self.threshold is not None and self.cost is not None:
            raise UserError("--threshold and --cost both choose a threshold: leave out one")
        if self.cost is not None:
            return predictor.cheapest_threshold(self.cost, self.class_name).threshold
        if self.threshold is not None:
            return predictor.threshold(self.threshold, self.class_name)
        if self.class_name is not None:
            raise UserError("--class says whose threshold it is: set --threshold or --cost, too")
        return None

    def words(self, predictor: Predictor) -> str:
        """What threshold or interval gave on validation rows; nothing if there is none."""
        if self.interval is not None:
            return interval_in_words(predictor, self.interval)
        chosen = self.chosen(predictor)
        return "" if chosen is None else threshold_in_words(predictor, chosen, self.cost)


def deciding_of(options: dict[str, Any]) -> Deciding:
    """What was said of decisions, taken out of all that was said."""
    return Deciding(**{name: options.pop(name, None) for name in DECIDING})


def add_interval_option(found: ArgumentParser, gives: str = LOW_AND_HIGH) -> None:
    """What a command lets say of an interval around a number, and what it gives for it."""
    found.add_argument("--interval", type=float, metavar="LEVEL", help=f"of numbers, {gives}")


def add_threshold_options(found: ArgumentParser) -> None:
    """What a command lets say of a threshold."""
    own = found.add_argument_group(
        "where two classes part", "default: at a probability of one half"
    )
    own.add_argument(
        "--threshold", type=float, help="decide for the class above this probability of it"
    )
    own.add_argument(
        "--cost",
        type=float,
        help="the same by the threshold that cost least on the validation rows, where a row of the"
        " class that is missed costs so many false alarms",
    )
    own.add_argument("--class", dest="class_name", help="the class; default: the second")


@contextmanager
def deciding_as_typed() -> Iterator[None]:
    """Keywords of Python go by the names that they have here: --class for class_name."""
    try:
        yield
    except UserError as error:
        said = re.sub(r"^(threshold|cost|interval)(?= (must|needs))", r"--\1", str(error))
        said = re.sub(r"^threshold and cost", "--threshold and --cost", said)
        said = re.sub(r"^an interval(?= (is for|needs|of))", "--interval", said)
        raise UserError(said.replace("class_name", "--class", 1)) from error


def threshold_in_words(predictor: Predictor, threshold: Threshold, cost: float | None) -> str:
    """When a class is decided for, and what that gave on the validation rows."""
    target = predictor.schema.target.each[0]
    assert target.classes is not None
    name = f"{target.name}={target.classes[threshold.place]}"
    words = f"{name} where its probability is above {four_digits(threshold.value)}"
    record = predictor.validation
    if record is None or record.ranking is None:
        return words
    price = 1.0 if cost is None else cost
    half = replace(threshold, value=0.5)
    own, usual = (record.ranking.rates(each, price) for each in (threshold, half))
    if math.isnan(own.recall):
        return f"{words}: no validation row is {name}"
    found = (
        f"on the validation rows this finds {_found(own)} (at one half {_found(usual, them=False)})"
    )
    if cost is None:
        return f"{words}: {found}"
    exact = four_digits(1 / (1 + cost))
    return (
        f"{words}, by --cost {cost:g} (of exact probabilities it would be {exact}): {found}; a row"
        f" costs {_about(own)}{four_digits(own.cost)} false alarms on average, and"
        f" {_about(usual)}{four_digits(usual.cost)} at one half"
    )


def _found(rates: Rates, *, them: bool = True) -> str:
    """Recall and precision."""
    recall = f"{_about(rates)}{percent(rates.recall)}{' of them' * them}"
    if math.isnan(rates.precision):
        return f"{recall}, and no row is decided for"
    right = f"{_about(rates)}{percent(rates.precision)} of those decided for are right"
    return f"{recall}, and {right}"


def _about(rates: Rates) -> str:
    return "about " * (not rates.exact)


def interval_in_words(predictor: Predictor, level: float) -> str:
    """How wide intervals are, from how many rows, and what makes them a little too narrow."""
    record = predictor.validation
    assert record is not None
    halves = half_widths(record.residuals, predictor.schema.target, level)
    return (
        f"{intervals_in_words(level, halves, record.residuals[0].rows)}; as these chose the best"
        " epoch, too, a little fewer of new rows may lie inside"
    )
