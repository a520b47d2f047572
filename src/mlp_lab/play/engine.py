"""The engine of a page, in a process of its own: it trains, and answers between two epochs.

At most two frames are under way: the page says which it has drawn. While it has not, epochs go on
without pictures, and the next frame has the curves of all of them; nothing is queued.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from mlp_lab.config.messages import explain
from mlp_lab.data.config import FileSettings
from mlp_lab.data.tables.printing import report_text
from mlp_lab.data.tables.reading import read_table
from mlp_lab.errors import UserError, require, require_choice
from mlp_lab.play.export import zipped_run
from mlp_lab.play.frames import frame, pack, scene
from mlp_lab.play.lineup import Compose, fit_batch
from mlp_lab.play.maps import View, view_of
from mlp_lab.play.passes import passes
from mlp_lab.play.protocol import Request, message, read_request
from mlp_lab.play.session import Session
from mlp_lab.play.settings import FORMULA, PATH, Settings, checked, checked_words, table_of
from mlp_lab.play.verdict_now import verdict_now

UNDER_WAY = 2
"""Frames that are sent and not yet drawn."""

FASTEST = 30.0
"""Frames a second: more are no smoother to the eye, and each takes the time of an epoch."""


UNITS = 8
"""Of a first hidden layer."""

DEEPEST = 12
"""Hidden layers that a page has room for."""


SAID_BEFORE = 20
"""Epochs that are trained again to go back to one: so many are announced."""

EPOCHS, STEPS = "epochs", "steps"
"""What a speed counts."""

Sink = Callable[[str | bytes], None]
"""Where messages and frames go."""


class Engine:
    """A session that is driven by commands; `send` takes what the page is to be told."""

    def __init__(
        self,
        words: Sequence[str],
        compose: Compose,
        send: Sink,
        stops: Callable[[], bool] = lambda: False,
    ) -> None:
        """Draw the weights of what the command line asks for.

        `stops`: whether the page has asked to pause, while a command is under way.

        Raises:
            UserError: a setting cannot be.
        """
        self.session = Session.of(words, compose)
        self._compose = compose
        self._send = send
        self._stops = stops
        self.running = False
        self._focus = 0
        self._inputs: list[int] = []
        self._view: View | None = None
        self._file: Path | None = None
        self._columns: list[str] = []
        self._frames, self._seen = 0, 0
        self._shown = 0
        """Epochs whose curves the page has."""
        self._per_second, self._pace = 0.0, EPOCHS
        self._next_epoch, self._next_frame = 0.0, 0.0
        self._look()

    def answer(self, text: str | bytes) -> None:
        """Do what a command says; what cannot be is said in one line, and changes nothing."""
        asked = ""
        try:
            request = read_request(text)
            asked = request.do
            ACTIONS[request.do](self, request)
        except Exception as error:
            line = explain(error)
            if line is None:
                raise
            self._send(message("refused", line=line, of=asked))

    @property
    def wait(self) -> float | None:
        """Seconds to the next epoch: None where only a command brings one."""
        if not self.running:
            return None
        return max(0.0, self._next_epoch - time.monotonic())

    def go_on(self) -> None:
        """Train an epoch, if one is due, and show it if the page has drawn the last ones."""
        if not self.running or time.monotonic() < self._next_epoch:
            return
        if self._per_second:
            self._next_epoch = time.monotonic() + 1 / self._per_second
        stopped = self.session.stopped_early
        session = self.session
        trained = session.take_step() if self._pace == STEPS else session.train_epoch()
        stops_now = bool(self.session.stopped_early) and not stopped
        if not trained or self.session.ended or stops_now:
            self._pause(self.session.ended or f"early stopping: {self.session.stopped_early}")
        elif self._frames - self._seen < UNDER_WAY and time.monotonic() >= self._next_frame:
            self._show()

    def _pause(self, why: str = "") -> None:
        self.running = False
        self._show()
        self._send(message("state", running=False, why=why))

    def _show(self) -> None:
        self._next_frame = time.monotonic() + 1 / FASTEST
        self._frames += 1
        after = min(self._shown, self.session.epoch)
        self._send(frame(self.session, self._frames, self._focus, self._view, after))
        self._shown = self.session.last

    def _look(self) -> None:
        """Choose what is varied: what was chosen, as far as it is there, or the first inputs."""
        trials = self.session.lineup.trials
        self._focus = min(self._focus, len(trials) - 1)
        dataset = trials[self._focus].run.dataset
        count = len(dataset.schema.names)
        chosen = [place for place in self._inputs if place < count]
        wanted = min(2, count)
        others = (place for place in range(count) if place not in chosen)
        self._inputs = [*chosen, *others][:wanted]
        self._view = view_of(dataset, self._inputs)

    def _show_all(self) -> None:
        self._look()
        self._shown = 0
        self._send(scene(self.session, self._focus, self._view))
        self._show()
        self._send(message("state", running=self.running, why=""))

    def hello(self, _: Request) -> None:
        """Somebody looks at the page anew."""
        self._frames, self._seen = 0, 0
        self._show_all()
        if self._per_second:
            self._send(message("speed", number=self._per_second, value=self._pace))

    def seen(self, request: Request) -> None:
        """The page has drawn a frame."""
        self._seen = max(self._seen, min(request.count, self._frames))

    def play(self, _: Request) -> None:
        """Train on until somebody says otherwise."""
        if self.session.ended:
            raise UserError(self.session.ended)
        self.running = True
        self._next_epoch = 0.0
        self._send(message("state", running=True, why=""))

    def pause(self, _: Request) -> None:
        """Stop after the epoch that is under way."""
        self._pause()

    def step(self, _: Request) -> None:
        """Take one step."""
        self._once(self.session.take_step)

    def epoch(self, _: Request) -> None:
        """Train one epoch."""
        self._once(self.session.train_epoch)

    def _once(self, act: Callable[[], bool]) -> None:
        if not act():
            raise UserError(self.session.ended)
        self._pause()

    def back(self, request: Request) -> None:
        """Go back to an epoch."""
        again = self.session.trained_again(request.count)
        if again < SAID_BEFORE:
            self.session.back_to(request.count)
            self._pause()
            return
        epochs = f"epochs {request.count - again + 1} to {request.count}"
        self.running = False
        why = f"{epochs} are trained again, from the last ones that were kept: this takes a while"
        self._send(message("state", running=True, why=why))
        self.session.back_to(request.count, self._stops)
        there = self.session.epoch == request.count
        self._pause(f"{epochs} were trained again" if there else "paused on the way back")

    def restart(self, _: Request) -> None:
        """Begin again with the same weights."""
        self.session.restart()
        self._show_all()

    def set(self, request: Request) -> None:
        """Change a setting; where networks cannot train on by it, they begin again."""
        key, value = checked(request.key, request.value)
        settings = self.session.settings
        by_formula = key == FORMULA
        self._take(settings.of_formula(value) if by_formula else settings.setting(key, value))

    def words(self, request: Request) -> None:
        """Take these settings in place of all others, as an address or an example has them."""
        self._take(Settings.of(checked_words(request.values or [])))

    def depth(self, request: Request) -> None:
        """Let networks have so many hidden layers: the first stay, the last is repeated."""
        widths = self.session.lineup.trials[self._focus].config.model.widths or [UNITS]
        depth = request.count
        require(0 <= depth <= DEEPEST, "model.depth", f"from 0 to {DEEPEST} on a page", depth)
        self._take(self.session.settings.of_depth(depth, widths))

    def compare(self, request: Request) -> None:
        """Train a network for each value of a setting."""
        values = [checked(request.key, value)[1] for value in request.values or []]
        self._take(self.session.settings.alone().comparing(request.key, values))

    def alone(self, _: Request) -> None:
        """Compare no more: the first network stays."""
        self._take(self.session.settings.alone())

    def _take(self, settings: Settings) -> None:
        went_on = self.session.change(settings)
        self._show_all()
        self._send(message("taken", went_on=went_on))

    def focus(self, request: Request) -> None:
        """Look at another of the networks that are compared."""
        count = len(self.session.lineup.trials)
        require(0 <= request.count < count, "focus", f"from 0 to {count - 1}", request.count)
        self._focus = request.count
        self._show_all()

    def axes(self, request: Request) -> None:
        """Vary other inputs."""
        inputs = request.inputs or []
        names = self.session.lineup.trials[self._focus].run.dataset.schema.names
        fits = len(set(inputs)) == min(2, len(names)) == len(inputs)
        fits = fits and all(0 <= place < len(names) for place in inputs)
        require(fits, "axes", "two different inputs by their positions", inputs)
        self._inputs = list(inputs)
        self._show_all()

    def speed(self, request: Request) -> None:
        """Train so many epochs or steps a second; 0: as many as there can be."""
        pace = request.value or EPOCHS
        require_choice(pace, "speed", (EPOCHS, STEPS))
        require(0 <= request.number <= 1000, "speed", "from 0 to 1000", request.number)
        if pace == STEPS:
            self.session.require_single_steps()
        self._per_second, self._pace, self._next_epoch = request.number, pace, 0.0

    def weight(self, request: Request) -> None:
        """Set a weight of the network in focus, which begins anew from there."""
        row, column = request.inputs if request.inputs and len(request.inputs) == 2 else (-1, -1)
        self.session.set_weight(self._focus, request.key, (row, column), request.number)
        self._shown = 0
        self._pause()

    def take_file(self, path: Path) -> None:
        """Ask which column of a table is to be learnt; what cannot be read is said in one line."""
        try:
            names = list(map(str, read_table(path, FileSettings()).frame.columns))
        except UserError as error:
            self._send(message("refused", line=str(error).replace(str(path), path.name)))
            return
        self._file, self._columns = path, names
        self._send(message("columns", names=names))

    def target(self, request: Request) -> None:
        """Learn a column of the table that was given; say what was understood of it."""
        if self._file is None:
            raise UserError("target needs a table: drop one on the page")
        require_choice(request.value, "target", self._columns)
        settings = self.session.settings.of_table(self._file, request.value)
        self._take(fit_batch(settings, self._compose))
        overview = self.session.lineup.trials[0].run.prepared.overview
        lines = [] if overview is None else report_text(overview).splitlines()
        self._send(message("report", lines=lines))

    def command(self, _: Request) -> None:
        """Give the command line that trains the network in focus."""
        line, unlike = self.session.command(self._focus)
        table = table_of(self.session.settings.words)
        if table is not None:
            line = line.replace(str(table), table.name)
            own = f"{PATH}{table.name} is the file that the page was given: say where it lies"
            unlike = "; ".join(filter(None, [own, unlike]))
        self._send(message("command", line=line, unlike=unlike, file=table and table.name))

    def export(self, _: Request) -> None:
        """Send the network in focus as a run's folder, packed."""
        name, content = zipped_run(self.session, self._focus)
        self._pause()
        self._send(pack({"file": name}, {"content": np.frombuffer(content, np.uint8)}))

    def verdict(self, _: Request) -> None:
        """Judge the network in focus as if it ended now."""
        lines = verdict_now(self.session, self._focus)
        self._send(message("verdict", epoch=self.session.epoch, lines=lines))

    def passes(self, request: Request) -> None:
        """Go through both passes of a row, of the network in focus as it stands."""
        found = passes(self.session, self._focus, request.value, request.count)
        self._send(message("passes", **found))


ACTIONS: dict[str, Callable[[Engine, Request], None]] = {
    "hello": Engine.hello,
    "seen": Engine.seen,
    "play": Engine.play,
    "pause": Engine.pause,
    "step": Engine.step,
    "epoch": Engine.epoch,
    "back": Engine.back,
    "restart": Engine.restart,
    "set": Engine.set,
    "words": Engine.words,
    "depth": Engine.depth,
    "compare": Engine.compare,
    "alone": Engine.alone,
    "focus": Engine.focus,
    "axes": Engine.axes,
    "speed": Engine.speed,
    "command": Engine.command,
    "verdict": Engine.verdict,
    "target": Engine.target,
    "passes": Engine.passes,
    "weight": Engine.weight,
    "export": Engine.export,
}
"""Command -> what does it."""


class Inbox:
    """What the page has sent, in its order; a look ahead finds out whether it asks to pause."""

    def __init__(self, pipe: Connection) -> None:
        """Read from the engine's end of a pipe."""
        self._pipe = pipe
        self._waiting: deque[bytes] = deque()

    def next(self, seconds: float | None) -> bytes | None:
        """The next message; None if there is none for so many seconds, or None: as long as needed.

        Raises:
            EOFError: the other end is closed.
        """
        if self._waiting:
            return self._waiting.popleft()
        return self._pipe.recv_bytes() if self._pipe.poll(seconds) else None

    def asks_to_pause(self) -> bool:
        """Whether one that waits is Pause; all that wait are read in their turn."""
        while self._pipe.poll():
            self._waiting.append(self._pipe.recv_bytes())
        return any(content in PAUSES for content in self._waiting)


PAUSES = (b'c{"do":"pause"}', b'c{"do": "pause"}')
"""Pause as a page writes it, and as the server or a notebook does."""


def run_engine(pipe: Connection, words: list[str], compose: Compose) -> None:
    """Drive a session until the other end of the pipe is closed."""
    try:
        inbox = Inbox(pipe)
        engine = Engine(words, compose, lambda content: _put(pipe, content), inbox.asks_to_pause)
        while True:
            while (content := inbox.next(engine.wait)) is not None:
                _hear(engine, content)
            engine.go_on()
    except (EOFError, OSError):
        return
    except UserError as error:
        _put(pipe, message("failed", line=str(error)))


COMMAND, FILE = b"c", b"f"
"""How what a page has sent begins, and how the path of a file does, which the server has written.

A page cannot send the second: the server puts the letter before whatever it hears.
"""


def _hear(engine: Engine, content: bytes) -> None:
    if content[:1] == FILE:
        engine.take_file(Path(content[1:].decode()))
    else:
        engine.answer(content[1:])


def _put(pipe: Connection, content: str | bytes) -> None:
    """A letter that says what it is, t for text and b for a frame, and the content."""
    body = content.encode() if isinstance(content, str) else content
    pipe.send_bytes((b"t" if isinstance(content, str) else b"b") + body)
