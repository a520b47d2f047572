"""Numbers, counts and names as a person reads or types them."""

import re
from collections.abc import Sequence
from decimal import Decimal

LATEX_LETTERS = {
    **{letter: f"\\{letter}" for letter in "_%&#${}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
"""What LaTeX prints as these letters; pandas' own escapes leave signs as they are."""

MOST_LETTERS, MOST_BITS = 500, 1000
"""Of a value that a message repeats."""


LARGEST_WRITTEN_OUT = 1e9
"""A larger number is written as a power of ten."""

GROUPED_FROM = 9999.5
"""Measured numbers from which thousands are set apart."""


def significant(value: float, digits: int) -> str:
    """A number to some significant digits, as a person would write it; 2026 may be a year.

    >>> significant(16134.2, 4), significant(2026, 4), significant(320, 2), significant(1.2e-5, 4)
    ('16,130', '2026', '320', '1.2e-05')
    """
    text = f"{value:z.{digits}g}"
    if 1 <= abs(value) < LARGEST_WRITTEN_OUT:
        written_out = Decimal(text)
        return f"{written_out:,f}" if abs(value) >= GROUPED_FROM else f"{written_out:f}"
    return text


def four_digits(value: float | None) -> str:
    """A number to four significant digits; nothing where there is none.

    >>> four_digits(0.123456), four_digits(123456), four_digits(None)
    ('0.1235', '123,500', '')
    """
    return "" if value is None else significant(value, 4)


UNITLESS = ("accuracy", "f1", "auc", "r2", "brier", "calibration_error")
"""Endings of scores that are compared with 0 and 1: their smallest digits say nothing."""

NEARLY_NOTHING = 0.01
"""Such a score has no more decimals than others."""


def score_written(name: str, value: float | None) -> str:
    """A score to four significant digits; near 0 ten-thousandths, if it is compared with 0 and 1.

    >>> score_written("r2", -1.659e-07), score_written("r2", 0.98765), score_written("loss", 5e-05)
    ('0', '0.9877', '5e-05')
    """
    if value is not None and abs(value) < NEARLY_NOTHING and name.endswith(UNITLESS):
        return four_digits(round(value, 4))
    return four_digits(value)


def percent(share: float) -> str:
    """A share in percent, to three digits.

    >>> percent(0.9563), percent(0.1), percent(1.0)
    ('95.6 %', '10 %', '100 %')
    """
    return f"{100 * share:,.1f}".removesuffix(".0") + " %"


def duration(seconds: float) -> str:
    """Time in hours, minutes and seconds, to as much as matters.

    >>> duration(0.123), duration(7), duration(754), duration(3723)
    ('0.12 s', '7 s', '12 min 34 s', '1 h 2 min')
    """
    if seconds < SHORT:
        return f"{significant(seconds, 2)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


SHORT = 9.95
"""Seconds below which tenths of a second are said."""


def counted(count: int, noun: str) -> str:
    """A number and what it counts.

    >>> counted(1, "row"), counted(1234, "row")
    ('1 row', '1,234 rows')
    """
    return f"{count:,} {noun}" + "s" * (count != 1)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', 'none')
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else "none"


def rows_written(weight: float) -> str:
    """A number of rows; a sum of their weights has decimals.

    >>> rows_written(1234.0), rows_written(1234.5)
    ('1,234', '1,234.50')
    """
    return f"{weight:,.0f}" if float(weight).is_integer() else f"{weight:,.2f}"


def gigabytes(number: float) -> str:
    """Bytes as a person reads them.

    >>> gigabytes(512), gigabytes(6.9e9), gigabytes(3e13)
    ('1 kB', '6.9 GB', '30,000.0 GB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if number >= unit:
            return f"{number / unit:,.1f} {name}"
    return f"{number / 1e3:.0f} kB"


def shown(value: object) -> str:
    """A value as YAML has it; a very long one, as far as it fits into a message."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"a number of {value.bit_length():,} bits"
    try:
        text = "null" if value is None else repr(value)
    except ValueError:  # a number within it has more digits than Python writes
        return "a value of thousands of digits"
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def in_a_list(name: str) -> str:
    """A name as an element of a list that is typed, in quotes unless it is plain letters."""
    if re.fullmatch(
        r"(?!(?:null|true|false|inf|nan)$)[a-z_][\w.]*", name, re.ASCII | re.IGNORECASE
    ):
        return name
    return quoted(name)


def quoted(value: str) -> str:
    """Text that Hydra takes as it is; there, a backslash stands for itself but before a quote."""
    if "'" in value and '"' not in value:
        return '"' + re.sub(r"(\\+)$", r"\1\1", value) + '"'
    return "'" + re.sub(r"(\\+)(?='|$)", r"\1\1", value).replace("'", "\\'") + "'"


CONTROLS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # of terminals, escape sequences among them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of writing
    "\xad\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # not to be seen
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff"  # no letters: what was no UTF-8
)
CONTROL = re.compile(f"[{CONTROLS}]")
CONTROL_OR_BREAK = re.compile(f"[\t\n{CONTROLS}]")


def visible(text: str) -> str:
    r"""Text with its control characters shown; tabs and line breaks stay.

    >>> print(visible("\x1b[31mred\u202e"))
    \x1b[31mred\u202e
    """
    return CONTROL.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""Text with its control characters, tabs and line breaks shown.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return CONTROL_OR_BREAK.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
