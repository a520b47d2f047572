"""Which number of a network's predictions is explained: its name, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mlp_lab.data.arrays import Array, Floats
from mlp_lab.data.schema import AnyTarget, Target
from mlp_lab.errors import UserError, require, require_choice

SAMPLES = 32
"""Background rows with which a prediction is compared."""

POOL = 1_000
"""Rows that are drawn by chance, among which those are chosen."""

Forward = Callable[[Array], Floats]
"""Encoded rows, (N, D), -> outputs, (N, C)."""


class Asked(NamedTuple):
    """What is to be explained, and with how many background rows."""

    class_name: str | None = None
    target: str | None = None
    samples: int = SAMPLES


def explained(
    target: AnyTarget, asked: Asked, forward: Forward, *, probabilities: bool
) -> tuple[str, Callable[[Array], Floats]]:
    """What is explained: its name, and the number itself for encoded rows.

    Raises:
        UserError: there is no such class or target.
    """
    require(asked.samples >= 1, "samples", "1 or more", asked.samples)
    one, place, of = one_target(target, asked.target)
    if one.classes is None:
        if asked.class_name is not None:
            raise UserError(f"class_name is for classes, but {one.name} is a number")
        return f"prediction{of}", lambda inputs: one.decode(forward(inputs)[:, place])
    if asked.class_name is None and len(one.classes) > 2:
        raise UserError(
            f"{one.name} has {len(one.classes)} classes: class_name must say which is"
            f" explained ({in_brief(one.classes)})"
        )
    name = one.classes[1] if asked.class_name is None else str(asked.class_name)
    require_choice(name, "class_name", one.classes)
    k = one.classes.index(name)
    what = "probability" if probabilities else "score"
    return f"{what}{of}_{name}", lambda inputs: one.scores(forward(inputs)[:, place])[:, k]


def one_target(target: AnyTarget, asked: str | None) -> tuple[Target, slice, str]:
    """The target that is explained, its outputs, and its name where there are several.

    Raises:
        UserError: there is no such target, or nobody said which.
    """
    names = [one.name for one in target.each]
    if asked is not None:
        require_choice(asked, "target", names)
    if isinstance(target, Target):
        return target, slice(None), ""
    if asked is None:
        raise UserError(f"there are several targets: target must say which ({target.name})")
    t = names.index(asked)
    return target.each[t], slice(t, t + 1), f"_{asked}"


def in_brief(names: Sequence[str], most: int = 8) -> str:
    """Some names, and how many more there are."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
