"""What a user did wrong, said in one line that names the key, the rule and the value."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec

from mlp_lab.formatting import shown


class UserError(ValueError):
    """A setting or an input that cannot work; the message is the whole explanation."""


class DiskFull(UserError):
    """Nothing more can be written; what was, is kept, and can be resumed."""


class Interrupted(Exception):
    """A run or sweep was stopped by Ctrl-C or SIGTERM; the message says how to resume it."""


def require(holds: bool, key: str, rule: str, value: object) -> None:
    """Raise `UserError("<key> must be <rule>, got <value>")` unless the rule holds."""
    if not holds:
        raise UserError(f"{key} must be {rule}, got {shown(value)}")


def require_extra(extra: str, action: str, *libraries: str) -> None:
    """Raise unless the libraries of an extra are installed, without importing them.

    They are written as people do: `Ray` for the module `ray`.
    """
    if not all(find_spec(library.lower()) for library in libraries):
        names = " and ".join(libraries)
        raise UserError(f"{action} needs {names}: pip install 'mlp_lab[{extra}]'")


LARGEST_SEED = 2**63 - 1
"""What tables of results can hold as a whole number."""


def require_seed(value: int, key: str) -> None:
    """Raise unless `value` can be a seed."""
    require_count(value, key, 0, LARGEST_SEED)


def require_count(value: int, key: str, least: int, most: int) -> None:
    """Raise unless `value` lies between two bounds; the message names the one that it misses."""
    require(value >= least, key, f"{least} or more", value)
    require(value <= most, key, f"at most {most:,}", value)


OTHER_NAMES = {
    **dict.fromkeys(("gpu", "nvidia"), "cuda"),
    **dict.fromkeys(("crossentropy", "categoricalcrossentropy", "softmax", "logloss"), "cce"),
    **dict.fromkeys(("binarycrossentropy", "bcewithlogits"), "bce"),
    **dict.fromkeys(("l2", "squarederror", "meansquarederror", "leastsquares"), "mse"),
    **dict.fromkeys(("l1", "absoluteerror", "meanabsoluteerror"), "mae"),
    **dict.fromkeys(("smoothl1", "robust"), "huber"),
    **dict.fromkeys(("pinball", "quantileloss"), "quantile"),
    **dict.fromkeys(("gradientdescent", "batchgd"), "gd"),
    **dict.fromkeys(("stochasticgradientdescent", "minibatch"), "sgd"),
    **dict.fromkeys(("swish",), "silu"),
    **dict.fromkeys(("logistic",), "sigmoid"),
    **dict.fromkeys(("mlp", "dnn"), "deep"),
    **dict.fromkeys(("cosineannealing", "cosinedecay"), "cosine"),
    **dict.fromkeys(("reducelronplateau",), "plateau"),
    **dict.fromkeys(("xavier", "xavieruniform", "glorotuniform"), "glorot"),
    **dict.fromkeys(("kaiming", "kaiminguniform", "heuniform"), "he"),
}
"""What other libraries call a choice, in small letters without signs -> its name here."""


def nearest(word: str, choices: Iterable[str], prefix: str = "") -> str:
    """`: did you mean 'x'?` for the choice closest to `word`, after a prefix, or nothing."""
    names = list(choices)
    same = [name for name in names if name.casefold() == word.casefold()]
    plain = "".join(filter(str.isalnum, word.casefold()))
    other = [name for name in (OTHER_NAMES.get(plain),) if name in names]
    close = same or other or get_close_matches(word, names, n=1)
    return f": did you mean {prefix + close[0]!r}?" if close else ""


def require_choice(value: str, key: str, choices: Iterable[str]) -> None:
    """Raise unless `value` is one of `choices`; the message lists them and the nearest one."""
    names = sorted(choices)
    if value not in names:
        raise UserError(f"unknown {key} {value!r}{nearest(value, names)} ({', '.join(names)})")


JOBS_FAILED = (
    "not every job succeeded: a line above says why, as does train.log where one had begun"
)
