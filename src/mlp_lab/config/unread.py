"""Settings that somebody typed though nothing reads them, for another one says so."""

from collections.abc import Callable, Iterable, Mapping

from mlp_lab.config.schema import Config

Reads = Callable[[Config], bool]

EMBEDDED = "model.embedding=piecewise, periodic or both"
HIDDEN = "a hidden layer: model.depth=1 or more"
OF_HIDDEN_LAYERS = ("width", "activation", "dropout", "normalisation", "residual")

READERS: Mapping[str, tuple[Reads, str]] = {
    "data.quantiles": (lambda c: c.data.scaling == "quantile", "data.scaling=quantile"),
    "data.quantile_noise": (lambda c: c.data.scaling == "quantile", "data.scaling=quantile"),
    "model.embedding_size": (lambda c: c.model.embedding != "none", EMBEDDED),
    "model.bins": (
        lambda c: c.model.embedding in ("piecewise", "both", "auto"),
        "model.embedding=piecewise or both",
    ),
    **{
        f"model.{name}": (
            lambda c: c.model.embedding in ("periodic", "both", "auto"),
            "model.embedding=periodic or both",
        )
        for name in ("frequencies", "frequency_scale")
    },
    **{f"model.{name}": (lambda c: c.model.depth != 0, HIDDEN) for name in OF_HIDDEN_LAYERS},
    "averaging.decay": (lambda c: c.averaging.kind == "ema", "averaging.kind=ema"),
    "averaging.start": (lambda c: c.averaging.kind != "none", "averaging.kind=ema or swa"),
    "tracking.histograms": (lambda c: c.tracking.tensorboard, "tracking.tensorboard=true"),
    "tracking.gradient_norms": (lambda c: c.tracking.tensorboard, "tracking.tensorboard=true"),
}
"""Key -> whether a configuration reads it, and what it takes for that."""


def by_key(words: Iterable[str]) -> dict[str, str]:
    """Words of a command line by their keys.

    >>> by_key(["model.bins=9", "+name=a"])
    {'model.bins': 'model.bins=9', 'name': 'name=a'}
    """
    plain = [word.lstrip("+") for word in words]
    return {word.partition("=")[0]: word for word in plain}


def unread(jobs: Iterable[tuple[Config, Mapping[str, str]]]) -> list[str]:
    """A line for each setting that none of some jobs reads, of key -> how each job's was typed."""
    asked: dict[str, str] = {}
    read: set[str] = set()
    for config, typed in jobs:
        for key in typed.keys() & READERS.keys():
            asked.setdefault(key, typed[key])
            if READERS[key][0](config):
                read.add(key)
    return [
        f"{word} changes nothing: it needs {READERS[key][1]}"
        for key, word in sorted(asked.items())
        if key not in read
    ]
