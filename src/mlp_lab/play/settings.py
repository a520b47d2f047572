"""What a live page trains: words as on the command line, one of which may have several values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlp_lab.config.overrides import setting_of
from mlp_lab.config.schema import GROUPS
from mlp_lab.data.formula import ANNOUNCED, Formula
from mlp_lab.errors import UserError, nearest, require
from mlp_lab.formatting import in_a_list, literal, quoted
from mlp_lab.plain import brief

ENGINE = ("device=cpu", "kernel=torch")
"""What computes, unless words say otherwise: single steps are torch's, and equal a command's."""

POINTS = ("data=spirals", "data.rows=300", "data.turns=1.0", "data.noise=0.04")
"""What is learnt where nothing is said."""

BEGINNING = (
    *("model=deep", "model.depth=2", "model.width=8", "model.activation=tanh"),
    *("optimizer=adam", "optimizer.lr=0.01", "batch_size=16", "epochs=1000"),
)
"""A network that can be drawn, which trains while somebody looks: what is not said of it."""

MOST_COMPARED = 6
"""Networks side by side: as many colours as are told apart."""

COPIES = "mlp_lab_play_"
"""How folders of tables begin that a page was given: they are removed with it."""

CHOICES = ("data", "model", "loss", "optimizer", "schedule")

VALUES = (
    *("seed", "epochs", "batch_size", "gradient"),
    *(f"data.{name}" for name in ("rows", "noise", "label_noise", "train_rows", "split_seed")),
    *(f"data.{name}" for name in ("classes", "turns", "periods", "outliers")),
    *(f"data.{name}" for name in ("formula", "low", "high")),
    *(f"data.{name}" for name in ("val_fraction", "test_fraction", "scaling")),
    *(f"model.{name}" for name in ("depth", "width", "activation", "output", "dropout")),
    *(f"model.{name}" for name in ("init", "normalisation", "residual", "embedding")),
    *(f"optimizer.{name}" for name in ("lr", "weight_decay", "l1", "clip_norm")),
    *(f"optimizer.{name}" for name in ("momentum", "beta1", "beta2", "eps", "rho", "amsgrad")),
    *(f"schedule.{name}" for name in ("step_size", "gamma", "floor", "per")),
    *("stop.patience", "stop.min_delta", "stop.monitor"),
)

FROM_THE_PAGE = (*CHOICES, *VALUES)
"""All that a page may set: nothing that names a file, a folder or a process."""

ALONE = ("epochs",)
"""Settings that networks side by side share."""

OWN_DATA = ("table",)
"""Data that only the command line may choose: they lie in files."""

FORMULA = "data.formula"
FUNCTION = ("data=function", "data.rows=200")
"""Rows of a formula that is typed on a page, unless somebody says how many."""

PLAIN = re.compile(r"[\w.+-]{1,40}|\[[\w.+, -]{1,80}\]")
"""A name, a number, or a list of them: nothing that Hydra would look up or compute."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Words of one training, and perhaps a key with several values: a network of each."""

    words: tuple[str, ...]
    key: str | None = None
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, words: Sequence[str]) -> Settings:
        """From a command line, where one word may list values, as `optimizer.lr=0.01,0.1`.

        Raises:
            UserError: several do, or one lists too many.
        """
        listed = [word for word in words if _is_list(word)]
        if len(listed) > 1:
            raise UserError(f"one setting can have several values, got {' and '.join(listed)}")
        last = {word.partition("=")[0]: word for word in words if word not in listed}
        found = cls(tuple(last.values()))
        for word in listed:
            key, _, text = word.partition("=")
            found = found.comparing(key, split_values(text))
        return found

    def comparing(self, key: str, values: Sequence[str]) -> Settings:
        """The same with a network for each value of a key.

        Raises:
            UserError: too few or too many values, or a key that all share.
        """
        if key in ALONE:
            raise UserError(f"{key} cannot be compared: networks side by side train equally long")
        rule = f"2 to {MOST_COMPARED} different values"
        require(2 <= len(set(values)) == len(values) <= MOST_COMPARED, key, rule, list(values))
        return Settings(tuple(_without(self.words, key)), key, tuple(values))

    def alone(self) -> Settings:
        """The same with the first of several values."""
        if self.key is None:
            return self
        return Settings((*self.words, f"{self.key}={self.values[0]}"))

    def setting(self, key: str, value: str) -> Settings:
        """The same with another value; another choice of a group begins with its own numbers."""
        start = self.alone() if key == self.key else self
        word = f"{key}={value}"
        words = start.words
        if key in GROUPS:
            words = tuple(_without_group(words, key, kept=KEPT.get(key, ())))
        places = [k for k, own in enumerate(words) if own.partition("=")[0] == key]
        place = places[0] if places else len(words)
        words = (*words[:place], word, *words[place + 1 :])
        found = replace(start, words=words)
        if found.key is not None and found.key.startswith(f"{key}."):
            return found.alone()
        return found

    def of_formula(self, formula: str) -> Settings:
        """The same network for rows of a formula."""
        start = self if self.key is None or not self.key.startswith("data") else self.alone()
        if FUNCTION[0] in start.words:
            return start.setting(FORMULA, formula)
        words = [word for word in start.words if not word.startswith(("data=", "data."))]
        words = [word for word in words if not word.startswith("loss")]  # the rows may choose it
        return replace(start, words=(*FUNCTION, f"{FORMULA}={formula}", *words))

    def of_depth(self, depth: int, widths: Sequence[int]) -> Settings:
        """The same with so many hidden layers; `widths` are those that there are now."""
        wanted = [*widths, *[widths[-1]] * depth][: max(depth, 1)]
        equal = len(set(wanted)) == 1
        width = str(wanted[0]) if equal else f"[{','.join(map(str, wanted))}]"
        return self.setting("model.depth", str(depth)).setting("model.width", width)

    def of_table(self, path: Path, target: str) -> Settings:
        """The same network for a table's file, which only the server of a page can name."""
        start = self.alone()
        words = [word for word in start.words if not word.startswith(("data=", "data."))]
        if not any(word.startswith("model=") for word in words):
            words.insert(0, "model=deep")
        words = [word for word in words if not word.startswith("loss")]  # the rows may choose it
        place = str(path) if PLAIN_PATH.fullmatch(str(path)) else quoted(literal(str(path)))
        own = ["data=table", f"{PATH}{place}", f"data.target={in_a_list(target)}"]
        return Settings((*own, *words))

    def of_batch(self, rows: int) -> Settings:
        """The same with batches of at most so many rows, as far as they are said in a number."""
        place, size = self._batch
        if size <= rows:
            return self
        words = (*self.words[:place], f"batch_size={rows}", *self.words[place + 1 :])
        return replace(self, words=words)

    @property
    def _batch(self) -> tuple[int, int]:
        """Which word says how large batches are, and how large; 0 where none says a number."""
        for place, word in enumerate(self.words):
            key, _, value = word.partition("=")
            if key == "batch_size" and value.isdecimal():
                return place, int(value)
        return 0, 0

    @property
    def variants(self) -> list[tuple[str, ...]]:
        """The words of each network, what computes included."""
        chosen = {word.partition("=")[0] for word in self.words}
        base = [word for word in ENGINE if word.partition("=")[0] not in chosen]
        if self.key is None:
            return [(*base, *self.words)]
        return [(*base, *self.words, f"{self.key}={value}") for value in self.values]

    @property
    def labels(self) -> list[str]:
        """What tells each network from the others; nothing of one alone."""
        return [""] if self.key is None else [f"{self.key}={value}" for value in self.values]


def begun(words: Sequence[str]) -> list[str]:
    """What a command line says, and of what it does not say where a page begins.

    An experiment says all of it, and so does a run. Batches that nobody asked for are still to be
    held against the rows: `lineup.begin` does.
    """
    keys = [word.lstrip("+").partition("=")[0] for word in words]
    if "experiment" in keys or "resume" in keys:
        return list(words)
    about_data = any(key.partition(".")[0] == "data" for key in keys)
    found = []
    for word in BEGINNING if about_data else (*POINTS, *BEGINNING):
        key = word.partition("=")[0]
        group, _, field = key.partition(".")
        chosen = field and group in keys and field not in KEPT.get(group, ())
        if key not in keys and not chosen:
            found.append(word)
    return [*found, *words]


KEPT = {"model": ("width", "activation", "init")}
"""Settings of a group that are kept when another of its choices is made."""


def command(words: Sequence[str]) -> str:
    """A command line that trains what some words say; later words count in place of earlier."""
    return shlex.join(["python", "train.py", *each_once(words)])


def each_once(words: Sequence[str]) -> list[str]:
    """The last word of each key."""
    return list({word.partition("=")[0]: word for word in words}.values())


PATH = "data.path="
"""How the word begins that says where a table lies."""

PLAIN_PATH = re.compile(r"[\w./-]+")
"""One that needs no quotes."""


def table_of(words: Sequence[str]) -> Path | None:
    """The copy of a table that a page was given; None of other data."""
    paths = [str(setting_of(word).value) for word in words if word.startswith(PATH)]
    return next((Path(path) for path in paths if COPIES in path), None)


def checked(key: str, value: str) -> tuple[str, str]:
    """A setting as a page may send it.

    Raises:
        UserError: the key is none of a page's, or the value is not plain.
    """
    if key not in FROM_THE_PAGE:
        raise UserError(f"a page cannot set {brief(key)}{nearest(key, FROM_THE_PAGE)}")
    if key == FORMULA:
        Formula.of(value)
        return key, " ".join(ANNOUNCED.sub("", value, count=1).split())
    if not PLAIN.fullmatch(value):
        raise UserError(f"{key} must be a number, a name or a list of them, got {brief(value)}")
    if key == "data" and value in OWN_DATA:
        raise UserError(f"data={value} is chosen on the command line, which names its file")
    return key, value


def checked_words(words: Sequence[str]) -> list[str]:
    """Words as a page may send them all at once; one may list several values.

    Raises:
        UserError: one of them may not be sent.
    """
    require(1 <= len(words) <= len(FROM_THE_PAGE), "words", "some settings", len(words))
    found = []
    for word in words:
        key, _, text = word.partition("=")
        values = [checked(key, value)[1] for value in split_values(text) or [text]]
        found.append(f"{key}={','.join(values)}")
    return found


def split_values(text: str) -> list[str]:
    """Values between commas, but for those inside of brackets.

    >>> split_values("[8,8],16")
    ['[8,8]', '16']
    """
    return [value.strip() for value in re.split(r",(?![^\[]*\])", text) if value.strip()]


def _is_list(word: str) -> bool:
    key, sign, text = word.partition("=")
    return (
        bool(key and sign) and len(split_values(text)) > 1 and not text.startswith(("{", "'", '"'))
    )


def _without(words: Sequence[str], key: str) -> Iterator[str]:
    return (word for word in words if word.partition("=")[0] != key)


def _without_group(words: Sequence[str], group: str, kept: Sequence[str]) -> Iterator[str]:
    """Words that say nothing of a group but which of its choices it is."""
    for word in words:
        key = word.partition("=")[0]
        if not key.startswith(f"{group}.") or key.removeprefix(f"{group}.") in kept:
            yield word
