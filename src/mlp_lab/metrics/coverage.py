"""How many of some rows lie in the intervals around predicted numbers, and how wide these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mlp_lab.formatting import four_digits, percent

if TYPE_CHECKING:
    from mlp_lab.data.schema import AnyTarget
    from mlp_lab.metrics.conformal import Residuals


@dataclass(frozen=True, slots=True)
class TargetCoverage:
    """Of one target: the share of the rows whose number lies in its interval, by weight.

    `mean_width` of the intervals, in the target's own units, None where one has no end;
    `half_width`: how far they reach to either side, None where that differs, as of a logarithm.
    """

    coverage: float
    mean_width: float | None
    half_width: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What intervals of a `level`, from so many equal validation rows, give on other rows."""

    level: float
    validation_rows: float
    targets: dict[str, TargetCoverage]

    def to_dict(self) -> dict[str, object]:
        """As result.json has it."""
        return asdict(self)

    def in_words(self, rows: str) -> str:
        """How many of `rows` they hold, as these are called with their number, and how wide.

        >>> wage = TargetCoverage(coverage=0.88, mean_width=6.4, half_width=3.2)
        >>> rent = TargetCoverage(coverage=0.92, mean_width=None, half_width=None)
        >>> own = Coverage(0.9, 180.0, {"wage": wage})
        >>> own.in_words("50 test rows").partition(" hold ")[2]
        '88 % of 50 test rows, with a mean width of 6.4'
        >>> both = Coverage(0.9, 180.0, {"wage": wage, "rent": rent})
        >>> both.in_words("50 rows").partition(" hold ")[2]
        'of 50 rows: wage 88 %, with a mean width of 6.4; rent 92 %'
        """
        halves = {name: own.half_width for name, own in self.targets.items()}
        begin = intervals_in_words(self.level, halves, self.validation_rows)
        widths = [own.mean_width for own in self.targets.values()]
        wide = ["" if w is None else f", with a mean width of {four_digits(w)}" for w in widths]
        shares = [percent(own.coverage) for own in self.targets.values()]
        if len(shares) == 1:
            return f"{begin} hold {shares[0]} of {rows}{wide[0]}"
        each = zip(self.targets, shares, wide, strict=True)
        return f"{begin} hold of {rows}: {'; '.join(f'{a} {b}{c}' for a, b, c in each)}"


def intervals_in_words(level: float, halves: Mapping[str, float | None], rows: float) -> str:
    """Of which level, how far to either side where that is known, and from how many rows.

    >>> intervals_in_words(0.9, {"wage": 3.21, "rent": None}, 180.0)
    'intervals of 0.9, wage ± 3.21, from 180 validation rows'
    """
    each = [f"{name} ± {four_digits(half)}" for name, half in halves.items() if half is not None]
    wide = f", {', '.join(each)}," if each else ""
    return f"intervals of {level:g}{wide} from {rows:.0f} validation rows"


def half_widths(
    residuals: Sequence[Residuals], target: AnyTarget, level: float
) -> dict[str, float | None]:
    """How far the intervals of each target reach to either side, in its own units, by name.

    None of a logarithm, whose intervals differ.

    Raises:
        UserError: there are residuals of too few validation rows.
    """
    return {
        one.name: one.scaling.scale * own.half_width(level) if one.transform == "none" else None
        for one, own in zip(target.each, residuals, strict=True)
    }
