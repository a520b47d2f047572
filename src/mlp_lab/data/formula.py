"""A formula that somebody types, as sin(3 x): read by a grammar of its own, never executed.

    formula = ["y ="] sum
    sum     = product {("+" | "-") product}
    product = signed {("*" | "/" | nothing) signed}
    signed  = ["-" | "+"] signed | power
    power   = atom [("^" | "**") signed]
    atom    = number | pi | e | x | x1 | x2 | function "(" sum ")" | "(" sum ")"

As in writing, -x^2 is -(x^2), 2^3^2 is 2^(3^2), and 1/2 x is (1/2) x.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import numpy as np

from mlp_lab.data.arrays import Floats
from mlp_lab.errors import UserError, nearest

LONGEST = 200
"""Letters of a formula."""

DEEPEST = 20
"""Parentheses, signs and powers within each other."""

FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
}
CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
VARIABLES = {"x": 0, "x1": 0, "x2": 1, "x_1": 0, "x_2": 1}
"""Name -> which input it is."""

OPERATORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}

NAMES = (*FUNCTIONS, "pi", "e", *VARIABLES)

TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?P<name>[a-z]+(?:_?\d+)?|π)"
    r"|(?P<sign>\*\*|[-+*/^()])",
    re.ASCII | re.IGNORECASE,
)
OTHER_SIGNS = str.maketrans("\u00b7\u00d7\u2212", "**-")
"""A dot, a cross and a minus of typesetting."""

ANNOUNCED = re.compile(r"\s*y\s*=\s*", re.IGNORECASE)
"""What may stand before a formula."""

END = "end"


class Token(NamedTuple):
    """A number, a name or a sign, and the letter at which it stands, from 1."""

    kind: str
    text: str
    at: int


Instruction = float | int | str
"""A number, which input it is, or what is done with the last one or two values."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as instructions for a stack of values, in the order in which they are done."""

    instructions: Sequence[Instruction]
    inputs: tuple[str, ...]
    """Names of its inputs: x, or x_1 and x_2."""

    @classmethod
    def of(cls, text: str, key: str = "data.formula") -> Formula:
        """Read a formula.

        Raises:
            UserError: it is none; what is wrong and at which letter.

        Examples:
            >>> Formula.of("y = 2 x^2 - 1").values(np.array([[0.0], [1.0]])).tolist()
            [-1.0, 1.0]
        """
        if len(text) > LONGEST:
            rule = f"of at most {LONGEST} letters"
            raise UserError(f"{key} must be {rule}, got {len(text):,}")
        return _Reader(text, key).formula()

    def values(self, inputs: Floats) -> Floats:
        """y of each row of inputs, (N, D) -> (N,); NaN or infinite where it has none."""
        stack: list[Floats] = []
        with np.errstate(all="ignore"):
            for do in self.instructions:
                if isinstance(do, float):
                    stack.append(np.full(len(inputs), do))
                elif isinstance(do, int):
                    stack.append(inputs[:, do].astype(float))
                elif do in OPERATORS:
                    right = stack.pop()
                    stack.append(OPERATORS[do](stack.pop(), right))
                else:
                    stack.append(FUNCTIONS[do](stack.pop()))
        (found,) = stack
        return found


class _Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, key: str) -> None:
        self._text, self._key = text, key
        self._tokens = self._split()
        self._place, self._depth = 0, 0
        self._done: list[Instruction] = []
        self._names: set[str] = set()

    def formula(self) -> Formula:
        """All of it."""
        self._sum()
        if self._next.kind != END:
            self._refuse(f"{self._next.text!r} is not expected", self._next.at)
        plain = {name.replace("_", "") for name in self._names}
        if not plain:
            self._refuse("it has no x")
        if "x" in plain and len(plain) > 1:
            self._refuse("it has x beside x1 or x2, which are other inputs")
        return Formula(tuple(self._done), ("x",) if plain == {"x"} else ("x_1", "x_2"))

    def _split(self) -> list[Token]:
        announced = ANNOUNCED.match(self._text)
        at = announced.end() if announced else 0
        found = []
        text = self._text.translate(OTHER_SIGNS)
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            match = TOKEN.match(text, at)
            if match is None:
                self._refuse(f"{text[at]!r} is no part of a formula", at + 1)
            assert match.lastgroup is not None
            found.append(Token(match.lastgroup, match[0].lower(), at + 1))
            at = match.end()
        return [*found, Token(END, "", len(text) + 1)]

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _refuse(self, what: str, at: int | None = None) -> NoReturn:
        where = "" if at is None else f" at letter {at}"
        raise UserError(f"{self._key} must be a formula of x, got {self._text!r}: {what}{where}")

    def _sum(self) -> None:
        self._product()
        while self._next.text in ("+", "-"):
            operator = self._take().text
            self._product()
            self._done.append(operator)

    def _product(self) -> None:
        self._signed()
        while self._next.text in ("*", "/") or self._goes_on():
            operator = self._take().text if self._next.text in ("*", "/") else "*"
            self._signed()
            self._done.append(operator)

    def _goes_on(self) -> bool:
        """Whether a factor follows without a sign; two numbers side by side are a mistake."""
        before, after = self._tokens[self._place - 1], self._next
        if after.kind == "number":
            if before.kind == "number":
                self._refuse(f"a sign is missing before {after.text!r}", after.at)
            self._refuse(f"a number stands before what it multiplies: {after.text!r}", after.at)
        return after.kind == "name" or after.text == "("

    def _signed(self) -> None:
        if self._next.text not in ("-", "+"):
            self._power()
            return
        sign = self._take()
        with_minus = sign.text == "-"
        if with_minus:
            self._done.append(0.0)
        self._deeper(self._signed, sign)
        if with_minus:
            self._done.append("-")

    def _power(self) -> None:
        self._atom()
        if self._next.text in ("^", "**"):
            sign = self._take()
            self._deeper(self._signed, sign)
            self._done.append("^")

    def _atom(self) -> None:
        token = self._take()
        if token.kind == "number":
            self._done.append(self._number(token))
        elif token.text == "(":
            self._inside(token)
        elif token.kind == "name":
            self._name(token)
        elif token.kind == END:
            self._refuse("something is missing at its end")
        else:
            self._refuse(f"a number, x, a function or ( is missing before {token.text!r}", token.at)

    def _number(self, token: Token) -> float:
        found = float(token.text)
        if not math.isfinite(found):
            self._refuse(f"{token.text!r} is too large", token.at)
        return found

    def _name(self, token: Token) -> None:
        name = token.text
        if name in FUNCTIONS:
            opening = self._take()
            if opening.text != "(":
                self._refuse(f"{name} needs parentheses, as {name}(x),", token.at)
            self._inside(opening)
            self._done.append(name)
        elif name in CONSTANTS:
            self._done.append(CONSTANTS[name])
        elif name in VARIABLES:
            self._names.add(name)
            self._done.append(VARIABLES[name])
        else:
            self._refuse(f"unknown name {name!r}{nearest(name, NAMES)}", token.at)

    def _inside(self, opening: Token) -> None:
        """What is between parentheses."""
        self._deeper(self._sum, opening)
        if self._next.text != ")":
            what = "" if self._next.kind == END else f" before {self._next.text!r}"
            self._refuse(f"a ) is missing{what} for the (", opening.at)
        self._take()

    def _deeper(self, read: Callable[[], None], token: Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} levels within each other", token.at)
        read()
        self._depth -= 1
