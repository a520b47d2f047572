"""Small sessions of the live page, and an engine whose messages are kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import cast

import numpy as np

from mlp_lab.commands.composing import composed
from mlp_lab.config.schema import Config
from mlp_lab.play.engine import Engine
from mlp_lab.play.frames import Arrays, unpack
from mlp_lab.play.session import Session
from mlp_lab.play.settings import Settings, split_values

SMALL = (
    *("data=spirals", "data.rows=40", "model=deep", "model.depth=1", "model.width=3"),
    *("epochs=6", "batch_size=8"),
)


@cache
def _composed(words: tuple[str, ...]) -> tuple[Config, dict[str, object]]:
    return composed(words)


def compose(words: Sequence[str]) -> tuple[Config, dict[str, object]]:
    """As the command does it, each line once."""
    return _composed(tuple(words))


def settings(*words: str, small: tuple[str, ...] = SMALL) -> Settings:
    """Small settings with others in their place."""
    found = Settings.of(small)
    for word in words:
        key, _, text = word.partition("=")
        values = split_values(text)
        found = found.setting(key, text) if len(values) == 1 else found.comparing(key, values)
    return found


def session(*words: str, small: tuple[str, ...] = SMALL) -> Session:
    """A session before its first step."""
    return Session(settings(*words, small=small), compose)


def single(values: Sequence[float]) -> list[float]:
    """Numbers as a frame has them, in single precision."""
    found: list[float] = np.array(values, np.float32).tolist()
    return found


def losses(found: Session, network: int = 0) -> list[float]:
    """Training loss before the first step and after each epoch."""
    return [row["train_loss"] for row in found.lineup.trials[network].rows]


@dataclass
class Heard:
    """An engine, and what it has sent since one last looked."""

    words: tuple[str, ...] = ()
    sent: list[str | bytes] = field(default_factory=list)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        own = settings(*self.words)
        listed = [f"{own.key}={','.join(own.values)}"] if own.key else []
        self.engine = Engine([*own.words, *listed], compose, self.sent.append)

    def ask(self, do: str, **more: object) -> None:
        """Send a command; what was sent before is forgotten."""
        self.sent.clear()
        self.engine.answer(json.dumps({"do": do, **more}))

    def refusal(self, do: str, **more: object) -> str:
        """The line by which a command is refused, and nothing else is said."""
        self.ask(do, **more)
        (message,) = self.messages
        assert message["kind"] == "refused"
        return cast(str, message["line"])

    @property
    def messages(self) -> list[dict[str, object]]:
        """What was said in words."""
        return [json.loads(content) for content in self.sent if isinstance(content, str)]

    @property
    def frames(self) -> list[tuple[dict[str, object], Arrays]]:
        """What was sent as arrays, scenes left out."""
        pieces = [unpack(content) for content in self.sent if isinstance(content, bytes)]
        return [piece for piece in pieces if "frame" in piece[0]]

    @property
    def scenes(self) -> list[tuple[dict[str, object], Arrays]]:
        """How networks are built, and their rows."""
        pieces = [unpack(content) for content in self.sent if isinstance(content, bytes)]
        return [piece for piece in pieces if "scene" in piece[0]]


def curve(arrays: Arrays) -> list[float]:
    """The training losses of the first network in a frame."""
    found: list[float] = np.asarray(arrays["curves"], np.float64)[0, :, 0].tolist()
    return found
