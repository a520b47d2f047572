"""The engine of a page: what it does when it is asked, and what it sends."""

import json
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread
from typing import cast

import pytest
from played import SMALL, Heard, compose

from mlp_lab.play.engine import ACTIONS, COMMAND, FILE, UNDER_WAY, Inbox, run_engine
from mlp_lab.play.frames import unpack
from mlp_lab.play.protocol import ACTIONS as NAMES
from mlp_lab.play.settings import COPIES


def test_every_command_is_done_by_something() -> None:
    assert tuple(ACTIONS) != ()
    assert set(ACTIONS) == set(NAMES)


def test_frames_are_dropped_and_never_queued() -> None:
    """A page that draws nothing gets two frames; when it has drawn one, the next has all epochs."""
    heard = Heard(("epochs=50",))
    heard.ask("hello")
    heard.ask("seen", number=1)
    heard.ask("play")
    for _ in range(20):
        heard.engine.session.stopped_early  # noqa: B018  as between two epochs
        heard.engine._next_frame = 0.0
        heard.engine.go_on()
    assert len(heard.frames) == UNDER_WAY
    assert heard.engine.session.epoch == 20
    last = heard.frames[-1][0]["epoch"]
    heard.ask("seen", number=3)
    heard.engine._next_frame = 0.0
    heard.engine.go_on()
    ((header, arrays),) = heard.frames
    assert header["after"] == last
    assert arrays["curves"].shape[1] == 21 - int(str(last))


def test_pause_and_the_last_epoch() -> None:
    """Both send where it stands, and that it does not train."""
    heard = Heard(("epochs=2",))
    heard.ask("play")
    assert heard.messages == [{"kind": "state", "running": True, "why": ""}]
    heard.ask("pause")
    assert heard.messages == [{"kind": "state", "running": False, "why": ""}]
    assert len(heard.frames) == 1
    heard.ask("play")
    while heard.engine.running:
        heard.engine.go_on()
    assert heard.messages[-1]["why"] == "all of 2 epochs trained: set epochs to train on"
    assert heard.refusal("play") == "all of 2 epochs trained: set epochs to train on"
    assert heard.refusal("epoch") == "all of 2 epochs trained: set epochs to train on"


def test_early_stopping_pauses_once() -> None:
    """Whoever trains on all the same may; the command then says so."""
    heard = Heard(("epochs=60", "stop.patience=1", "optimizer=sgd", "optimizer.lr=5"))
    heard.ask("play")
    while heard.engine.running:
        heard.engine.go_on()
    stopped = heard.engine.session.epoch
    if stopped == 60:
        pytest.fail("no epoch without an improvement")
    assert str(heard.messages[-1]["why"]).startswith("early stopping: no better loss for 1 epochs")
    heard.ask("epoch")
    heard.ask("command")
    assert heard.engine.session.epoch == stopped + 1


def test_speed_is_epochs_a_second() -> None:
    """One in a thousand seconds: the second does not come."""
    assert Heard().engine.wait is None
    heard = Heard()
    heard.ask("speed", number=0.001)
    heard.ask("play")
    heard.engine.go_on()
    heard.engine.go_on()
    assert heard.engine.session.epoch == 1
    wait = heard.engine.wait
    assert wait is not None
    assert 0 < wait <= 1000


def test_speed_in_steps() -> None:
    """One at a time, each of which is shown; a page that comes back is told how fast it is."""
    heard = Heard()
    heard.ask("speed", number=0.001, value="steps")
    heard.ask("play")
    heard.engine.go_on()
    heard.engine.go_on()
    assert (heard.engine.session.epoch, heard.engine.session.step) == (0, 1)
    heard.ask("hello")
    assert heard.messages[-1] == {"kind": "speed", "number": 0.001, "value": "steps"}
    assert heard.refusal("speed", value="hours").startswith("unknown speed 'hours'")


def test_inputs_that_are_embedded() -> None:
    """In place of fixed features: more numbers than inputs, which a page names otherwise."""
    heard = Heard()
    heard.ask("set", key="model.embedding", value="periodic")
    scene = heard.scenes[0][0]
    assert isinstance(scene["sizes"], list)
    assert scene["sizes"][0] > 2
    assert len(cast(list[str], scene["inputs"])) == 2
    heard.ask("epoch")
    assert heard.frames[0][0]["epoch"] == 1
    line = heard.refusal("set", key="model.embedding", value="wide")
    assert line.startswith("unknown model.embedding 'wide'")


def test_settings_of_a_page() -> None:
    """Live, from the start, refused, and another depth."""
    heard = Heard()
    heard.ask("epoch")
    heard.ask("set", key="optimizer.lr", value="0.5")
    assert heard.messages[-1] == {"kind": "taken", "went_on": True}
    heard.ask("depth", number=2)
    assert heard.messages[-1] == {"kind": "taken", "went_on": False}
    assert heard.scenes[0][0]["sizes"] == [2, 3, 3, 1]
    assert heard.refusal("depth", number=99) == "model.depth must be from 0 to 12 on a page, got 99"
    assert heard.refusal("set", key="seed", value="-1") == "seed must be 0 or more, got -1"
    line = heard.refusal("set", key="optimizer.lr", value="fast")
    assert line.startswith("optimizer.lr must be a number")


def test_a_formula_that_is_typed() -> None:
    """It is data like others; what is wrong with one is said, and nothing changes."""
    heard = Heard()
    heard.ask("set", key="data.formula", value="x1^2 - x2")
    (scene, arrays), values = heard.scenes[0], heard.scenes[0][0]["values"]
    assert scene["inputs"] == ["x_1", "x_2"]
    assert isinstance(values, dict)
    assert values["data.formula"] == "x1^2 - x2"
    assert len(arrays["train_points"]) > 100
    assert heard.refusal("set", key="data.formula", value="1/x").endswith("got inf at x = 0")
    line = heard.refusal("set", key="data.formula", value="sin 3 x")
    assert line.endswith("sin needs parentheses, as sin(x), at letter 1")
    heard.ask("set", key="data.formula", value="sin(3 x)")
    assert heard.scenes[0][0]["inputs"] == ["x"]
    heard.ask("command")
    assert "'data.formula=sin(3 x)'" in str(heard.messages[0]["line"])


def test_all_settings_at_once() -> None:
    """As an address holds them; one that may not be set leaves everything as it is."""
    heard = Heard()
    heard.ask("words", values=["data=xor", "model=shallow", "model.width=1,2"])
    scene = heard.scenes[0][0]
    assert scene["words"] == ["data=xor", "model=shallow"]
    assert scene["compared"] == ["model.width", ["1", "2"]]
    for wrong in (["data.path=x"], ["seed=${x}"], ["seed"], []):
        assert heard.refusal("words", values=wrong)
    assert heard.engine.session.settings.key == "model.width"


def test_comparison_and_focus() -> None:
    heard = Heard()
    heard.ask("compare", key="optimizer.lr", values=["0.1", "0.01"])
    assert heard.scenes[0][0]["labels"] == ["optimizer.lr=0.1", "optimizer.lr=0.01"]
    heard.ask("focus", number=1)
    assert heard.frames[0][0]["focus"] == 1
    assert heard.refusal("focus", number=2) == "focus must be from 0 to 1, got 2"
    heard.ask("epoch")
    assert heard.frames[0][1]["curves"].shape == (2, 1, 7)
    heard.ask("command")
    assert "optimizer.lr=0.01" in str(heard.messages[0]["line"])
    heard.ask("alone")
    assert heard.scenes[0][0]["labels"] == [""]


def test_axes_are_two_different_inputs() -> None:
    heard = Heard(("data=iris",))
    heard.ask("axes", inputs=[3, 1])
    axes = heard.scenes[0][0]["axes"]
    assert isinstance(axes, list)
    assert [axis["input"] for axis in axes] == [3, 1]
    for wrong in ([1, 1], [0], [0, 4], [-1, 0], []):
        line = heard.refusal("axes", inputs=wrong)
        assert line.startswith("axes must be two different inputs by their positions, got")


def test_a_page_that_comes_back_sees_where_it_stands() -> None:
    """As after a reload: the curves from the first epoch on."""
    heard = Heard()
    heard.ask("epoch")
    heard.ask("epoch")
    heard.ask("hello")
    assert len(heard.scenes) == 1
    ((header, arrays),) = heard.frames
    assert (header["after"], header["epoch"]) == (0, 2)
    assert arrays["curves"].shape[1] == 2


def test_over_a_pipe() -> None:
    """Commands in, frames out, until the other end is closed."""
    here, there = Pipe()
    engine = Thread(target=run_engine, args=(there, list(SMALL), compose))
    engine.start()
    here.send_bytes(COMMAND + json.dumps({"do": "hello"}).encode())
    kinds = [here.recv_bytes()[:1] for _ in range(3)]
    assert kinds == [b"b", b"b", b"t"]
    here.send_bytes(COMMAND + b'{"do": "epoch"}')
    content = here.recv_bytes()
    assert unpack(content[1:])[0]["epoch"] == 1
    here.close()
    engine.join(30)
    assert not engine.is_alive()


def test_settings_that_cannot_be_are_said_over_the_pipe() -> None:
    here, there = Pipe()
    run_engine(there, [*SMALL, "seed=-1"], compose)
    content = here.recv_bytes()
    assert json.loads(content[1:]) == {"kind": "failed", "line": "seed must be 0 or more, got -1"}


TABLE = "x,group,y\n" + "".join(f"{k % 7},{'ab'[k % 2]},{k % 7 + k % 2}\n" for k in range(60))


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    """Its columns are asked for a target; what was understood of it is said."""
    path = tmp_path / f"{COPIES}1" / "own.csv"  # as the server puts it
    path.parent.mkdir()
    path.write_text(TABLE)
    heard = Heard()
    assert heard.refusal("target", value="y") == "target needs a table: drop one on the page"
    heard.sent.clear()
    heard.engine.take_file(path)
    assert heard.messages == [{"kind": "columns", "names": ["x", "group", "y"]}]
    assert heard.refusal("target", value="z").startswith("unknown target 'z'")
    heard.ask("target", value="y")
    assert heard.scenes[0][0]["inputs"] == ["x", "group=b"]
    report = heard.messages[-1]
    assert report["kind"] == "report"
    assert len(str(report["lines"])) > 100
    heard.ask("epoch")
    assert heard.engine.session.epoch == 1
    heard.ask("command")
    (found,) = heard.messages
    assert " data.path=own.csv data.target=y " in str(found["line"])
    assert str(tmp_path) not in str(found["line"])
    said = "data.path=own.csv is the file that the page was given: say where it lies"
    assert (found["unlike"], found["file"]) == (said, "own.csv")


@pytest.mark.parametrize("folder", ["1", "1, 2", "1's (old)"])
def test_wherever_the_server_puts_it(folder: str, tmp_path: Path) -> None:
    """A temporary folder may have any name; what is copied still says the file's own."""
    path = tmp_path / f"{COPIES}{folder}" / "own.csv"
    path.parent.mkdir()
    path.write_text(TABLE)
    heard = Heard()
    heard.engine.take_file(path)
    heard.ask("target", value="y")
    assert heard.scenes[0][0]["inputs"] == ["x", "group=b"]
    heard.ask("command")
    (found,) = heard.messages
    assert found["file"] == "own.csv"
    assert str(path.parent) not in str(found["line"])


@pytest.mark.parametrize("name", ["${oc.env:A_SECRET}", r"\${oc.env:A_SECRET}", r"\\\${seed}"])
def test_a_name_says_nothing_of_this_machine(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends a table names its columns; a name is text, whatever stands in it."""
    monkeypatch.setenv("A_SECRET", "s3cr3t")
    path = tmp_path / f"{COPIES}1" / "own.csv"
    path.parent.mkdir()
    path.write_text(TABLE.replace("x,group", f"x,{name}", 1))
    heard = Heard()
    heard.engine.take_file(path)
    heard.ask("target", value=name)
    assert "s3cr3t" not in str(heard.messages)
    assert heard.scenes[0][0]["inputs"] == ["x", "y"]
    assert heard.refusal("words", values=["data=moons", f"data.noise={name}"])
    assert "s3cr3t" not in str(heard.messages)


def test_what_is_no_table(tmp_path: Path) -> None:
    """One line, without the path at which the server put it."""
    path = tmp_path / "own.csv"
    path.write_bytes(b"")
    heard = Heard()
    heard.engine.take_file(path)
    (message,) = heard.messages
    assert message["kind"] == "refused"
    assert str(tmp_path) not in str(message["line"])


def test_a_page_cannot_name_a_file() -> None:
    """The letter before a path is the server's to give."""
    heard = Heard()
    assert FILE != COMMAND
    heard.engine.answer(FILE + b"/etc/passwd")
    assert heard.messages == [{"kind": "refused", "line": "a command must be JSON", "of": ""}]


def test_a_weight_is_set_by_hand() -> None:
    """The page sees it at once, with the loss that it has; it trains on when it is asked to."""
    heard = Heard(("data=sine", "model.width=2"))
    heard.ask("play")
    heard.ask("weight", key="beta_1", inputs=[0, 0], number=0.5)
    assert not heard.engine.running
    ((header, arrays),) = heard.frames
    assert (header["epoch"], header["last"]) == (0, 0)
    assert arrays["beta_1"].tolist() == [0.5]
    own = heard.engine.session.lineup.trials[0].rows[0]
    assert header["now"] == {part: own[f"{part}_loss"] for part in ("train", "val", "test")}
    assert heard.refusal("weight", key="beta_1", inputs=[0], number=1).startswith("beta_1 must be")
    assert heard.refusal("weight", key="seed", inputs=[0, 0], number=1).startswith("unknown weight")


def test_what_is_refused_stops_no_training() -> None:
    """The page says Pause, and so it is."""
    heard = Heard()
    heard.ask("play")
    heard.refusal("weight", key="Omega_0", inputs=[0, 0], number=1e4)
    heard.refusal("back", number=99)
    assert heard.engine.running


def test_epochs_that_are_trained_again_are_announced() -> None:
    """Before they are; a pause ends it on the way, where curves are known further on."""
    heard = Heard(("epochs=30", "data.rows=20"))
    for _ in range(26):
        heard.engine.session.train_epoch()
    history = heard.engine.session.history
    history.moments = {0: history.moments[0], 26: history.moments[26]}
    heard.ask("back", number=25)
    first, last = heard.messages
    assert str(first["why"]).startswith("epochs 1 to 25 are trained again")
    assert last["why"] == "epochs 1 to 25 were trained again"
    assert heard.engine.session.last == 26
    before = [row["train_loss"] for row in heard.engine.session.lineup.trials[0].rows]
    history.moments = {0: history.moments[0], 26: history.moments[26]}
    heard.engine._stops = lambda: heard.engine.session.epoch == 9
    heard.ask("back", number=25)
    first, last = heard.messages
    assert (first["running"], last["running"]) == (True, False)
    assert last["why"] == "paused on the way back"
    assert (heard.engine.session.epoch, heard.engine.session.last) == (9, 26)
    assert [row["train_loss"] for row in heard.engine.session.lineup.trials[0].rows] == before
    heard.ask("epoch")
    assert heard.engine.session.last == 10


def test_a_pause_is_found_among_what_waits() -> None:
    """Everything is still read in its turn."""
    here, there = Pipe()
    inbox = Inbox(there)
    assert inbox.next(0) is None
    here.send_bytes(b'c{"do":"seen"}')
    assert not inbox.asks_to_pause()
    here.send_bytes(b'c{"do":"pause"}')
    here.send_bytes(b'c{"do":"step"}')
    assert inbox.asks_to_pause()
    found = [inbox.next(0) for _ in range(4)]
    assert found == [b'c{"do":"seen"}', b'c{"do":"pause"}', b'c{"do":"step"}', None]
    here.close()
    with pytest.raises(EOFError):
        inbox.next(None)
