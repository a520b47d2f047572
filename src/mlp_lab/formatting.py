"""Numbers, counts and names as a person reads or types them."""

import re
import shlex
from collections.abc import Sequence
from decimal import Decimal
from math import floor, inf, log10

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


def significant(value: float, digits: int, *, all_of_them: bool = False) -> str:
    """A number to some significant digits, as a person would write it; 2026 may be a year.

    `all_of_them`: zeros at the end, too, as where numbers stand below each other.

    >>> significant(16134.2, 4), significant(2026, 4), significant(320, 2), significant(1.2e-5, 4)
    ('16,130', '2026', '320', '1.2e-05')
    >>> significant(0.5, 4, all_of_them=True), significant(320, 4, all_of_them=True)
    ('0.5000', '320.0')
    """
    text = f"{value:z#.{digits}g}" if all_of_them else f"{value:z.{digits}g}"
    if abs(value) >= 1 and abs(float(text)) < LARGEST_WRITTEN_OUT:
        written_out = Decimal(text)
        return f"{written_out:,f}" if abs(value) >= GROUPED_FROM else f"{written_out:f}"
    return text


def apart(values: Sequence[float], digits: int = 4) -> list[str]:
    """Numbers to some significant digits of what they differ by, if they are larger than that.

    >>> apart([3.14159, 2.71828]), apart([20250131, 20251231]), apart([1e9 + 1, 1e9 + 9])
    (['3.142', '2.718'], ['20,250,131', '20,251,231'], ['1,000,000,001', '1,000,000,009'])
    """
    largest, spread = max(map(abs, values)), max(values) - min(values)
    more = floor(log10(largest) - log10(spread)) if 0 < spread < inf else 0
    if more < 1 or largest >= LARGEST_IN_FULL:
        return [significant(value, digits) for value in values]
    return [_in_full(value, min(digits + more, MOST_DIGITS)) for value in values]


def _in_full(value: float, digits: int) -> str:
    """A number to some significant digits without a power of ten, unless it is small."""
    text = f"{value:z.{digits}g}"
    return f"{Decimal(text):,f}" if abs(value) >= GROUPED_FROM else text


LARGEST_IN_FULL = 1e15
"""Numbers from which a double has no decimals."""

MOST_DIGITS = 15
"""Of a number of double precision."""


def four_digits(value: float | None) -> str:
    """A number to four significant digits; nothing where there is none.

    >>> four_digits(0.123456), four_digits(123456), four_digits(None)
    ('0.1235', '123,500', '')
    """
    return "" if value is None else significant(value, 4)


UNITLESS = ("accuracy", "f1", "auc", "r2", "brier", "calibration_error", "kappa")
"""Endings of scores that are compared with 0 and 1: all are written with four decimals."""


def score_written(name: str, value: float | None) -> str:
    """A score as all tables and lines have it; nothing where there is none.

    Four decimals if it is compared with 0 and 1, so that numbers below each other have one form;
    others four significant digits.

    >>> score_written("accuracy", 0.41), score_written("rmse", 55.9), score_written("loss", 1.0)
    ('0.4100', '55.90', '1.000')
    >>> score_written("r2", -1.659e-07), score_written("loss", 5e-05), score_written("rmse", 16134)
    ('0.0000', '5.000e-05', '16,130')
    """
    if value is None:
        return ""
    if name.endswith(UNITLESS):
        return f"{value:z.4f}"
    return "0" if value == 0 else significant(value, 4, all_of_them=True)


def error_written(error: float) -> str:
    """A standard error, to two digits.

    >>> error_written(0.02), error_written(320.4), error_written(0.0)
    ('0.020', '320', '0')
    """
    return "0" if error == 0 else significant(error, 2, all_of_them=True)


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
    if isinstance(value, bool):
        return text.lower()
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def in_a_list(name: str) -> str:
    r"""A name as an element of a list that is typed, in quotes unless it is plain letters.

    >>> print(in_a_list("age"), in_a_list("net pay"), in_a_list("${y}"))
    age 'net pay' '\${y}'
    """
    if re.fullmatch(
        r"(?!(?:null|true|false|inf|nan)$)[a-z_][\w.]*", name, re.ASCII | re.IGNORECASE
    ):
        return name
    return quoted(literal(name))


def literal(text: str) -> str:
    r"""Text in which OmegaConf finds no reference: `${` after a backslash, any before it doubled.

    >>> print(literal("${y}"), literal(r"\${oc.env:HOME}"), literal(r"a\b"))
    \${y} \\\${oc.env:HOME} a\b
    """
    return re.sub(r"(\\*)\$\{", lambda found: found[1] * 2 + r"\${", text)


def typed(key: str, *values: str, column: str | None = None) -> str:
    """A setting with a list, as one types it in a shell; `column` is what it is about.

    >>> print(typed("data.drop", "id", "zip code"))
    data.drop=[id,'zip code']
    >>> print(typed("data.missing_in", "-9", column="age (years)"))
    'data.missing_in.age (years)=[-9]'
    """
    inside = ",".join(value if NUMBER.fullmatch(value) else in_a_list(value) for value in values)
    word = f"{by_column(key, column)}=[{inside}]"
    harmless = not any(HARMFUL.search(value) for value in values)
    return word if harmless and PLAIN_NAME.fullmatch(column or "a") else shlex.quote(word)


def typed_kind(column: str, kind: str) -> str:
    """`data.types` of a column, as one types it in a shell.

    >>> print(typed_kind("zip code", "category"), typed_kind("age", "category"))
    'data.types.zip code=category' data.types.age=category
    """
    word = f"{by_column('data.types', column)}={kind}"
    return word if PLAIN_NAME.fullmatch(column) else shlex.quote(word)


def typed_name(key: str, column: str) -> str:
    """A setting whose value is a column's name, as one types it in a shell.

    >>> print(typed_name("data.weight", "wt"), typed_name("data.weight", "sampling weight"))
    data.weight=wt 'data.weight=sampling weight'
    """
    plain = in_a_list(column)
    if re.fullmatch(r"[^\W\d][\w-]*( [\w-]+)+", column):  # which needs no quotes for Hydra
        plain = column
    word = f"{key}={plain}"
    return word if plain == column and " " not in word else shlex.quote(word)


def typed_value(value: object) -> str:
    """A value as one would type it behind its key.

    >>> typed_value([128, 64]), typed_value(None), typed_value(True)
    ('[128,64]', 'null', 'true')
    """
    if isinstance(value, list):
        return f"[{','.join(map(typed_value, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{name}:{typed_value(own)}' for name, own in value.items())}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def by_column(key: str, column: str | None) -> str:
    """A key that a column's name follows; in quotes, where it could be read as another."""
    if column is None:
        return key
    unclear = "=" in column or column != column.strip() or column[:1] in "'\""
    return f"{key}.{quoted(column)}" if unclear else f"{key}.{column}"


NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
HARMFUL = re.compile(r"[,\[\]{}:='\"\\$`!]|^\s|\s$")
"""Signs in a name that a shell or a list takes for its own."""

PLAIN_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


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
