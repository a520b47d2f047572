"""What a user did wrong, said in one line that names the key, the rule and the value."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from numbers import Real

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


def require_real(value: object, key: str) -> None:
    """Raise unless a value from Python is one real number, of Python's or of numpy's."""
    holds = isinstance(value, Real) and not isinstance(value, bool)
    require(holds, key, "a number", value)


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
    "cuda": ("gpu", "nvidia", "cuda0"),
    "cce": (
        *("crossentropy", "categoricalcrossentropy", "sparsecategoricalcrossentropy"),
        *("softmax", "log", "nll"),
    ),
    "bce": ("binarycrossentropy", "bcewithlogits"),
    "mse": ("l2", "squarederror", "meansquarederror", "leastsquares", "squared", "rmse"),
    "mae": ("l1", "absoluteerror", "meanabsoluteerror"),
    "roc_auc": ("auc", "auroc", "roc", "rocauc"),
    "log_loss": ("nll", "crossentropy", "logloss"),
    "huber": ("smoothl1", "robust"),
    "poisson": ("poissonnll",),
    "quantile": ("pinball",),
    "gd": ("gradientdescent", "batchgd"),
    "sgd": ("stochasticgradientdescent", "minibatch"),
    "silu": ("swish",),
    "sigmoid": ("logistic",),
    "deep": ("mlp", "dnn"),
    "perceptron": ("linear", "logistic", "logit", "regression"),
    "cosine": ("cosineannealing", "cosinedecay"),
    "plateau": ("reducelronplateau", "reduceonplateau"),
    "glorot": ("xavier", "xavieruniform", "glorotuniform"),
    "he": ("kaiming", "kaiminguniform", "heuniform"),
    "gaussians": ("blobs", "gauss", "makeblobs"),
    "xor": ("exclusiveor",),
    "digits": ("mnist", "handwritten"),
    "table": ("csv", "excel", "file", "dataframe"),
    "standard": ("zscore", "standardscaler"),
    "robust": ("robustscaler",),
    "float64": ("double",),
    "float32": ("float", "single"),
    "metric": ("accuracy", "auc", "r2"),
}
"""A choice -> what other libraries call it, in small letters without signs."""

CLOSE = 0.65
"""Share of letters that a mistyped word has in common with what was meant; `mea`, `mae`: 0.67."""


def plain_name(word: str) -> str:
    """A name in small letters, without signs.

    >>> plain_name("learning_rate"), plain_name("learningRate")
    ('learningrate', 'learningrate')
    """
    return "".join(filter(str.isalnum, word.casefold()))


def nearest(word: str, choices: Iterable[str], prefix: str = "") -> str:
    """`: did you mean 'x'?` for the choice closest to `word`, after a prefix, or nothing."""
    names = list(choices)
    plain = plain_name(word)
    forms = [form for form in (plain, plain.removesuffix("loss")) if form]
    same = [name for form in forms for name in names if plain_name(name) == form]
    other = [name for form in forms for name in names if form in OTHER_NAMES.get(name, ())]
    close = same or other or get_close_matches(word, names, n=1, cutoff=CLOSE)
    return f": did you mean {prefix + close[0]!r}?" if close else ""


def require_choice(value: str, key: str, choices: Iterable[str]) -> None:
    """Raise unless `value` is one of `choices`; the message lists them and the nearest one."""
    names = sorted(choices)
    if value not in names:
        raise UserError(f"unknown {key} {value!r}{nearest(value, names)} ({', '.join(names)})")


JOBS_FAILED = (
    "not every job succeeded: a line above says why, as does train.log where one had begun"
)
