"""Numbers, counts and names as a person reads or types them."""

import re

MOST_LETTERS, MOST_BITS = 500, 1000
"""Of a value that a message repeats."""


def four_digits(value: float | None) -> str:
    """A number to four significant digits; nothing where there is none.

    >>> four_digits(0.123456), four_digits(123456), four_digits(None)
    ('0.1235', '1.235e+05', '')
    """
    return "" if value is None else f"{value:.4g}"


def duration(seconds: float) -> str:
    """Time in hours, minutes and seconds.

    >>> duration(7), duration(754), duration(3723)
    ('0:07', '12:34', '1:02:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def counted(count: int, noun: str) -> str:
    """A number and what it counts.

    >>> counted(1, "row"), counted(1234, "row")
    ('1 row', '1,234 rows')
    """
    return f"{count:,} {noun}" + "s" * (count != 1)


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
