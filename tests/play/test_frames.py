"""Frames hold the session's own numbers, and come apart as they were put together."""

import json
from typing import cast

import numpy as np
from played import Heard, curve, losses, session, single

from mlp_lab.play.frames import (
    MIDDLE,
    MOST_WEIGHTS,
    Arrays,
    curves,
    frame,
    pack,
    plain_settings,
    unpack,
)
from mlp_lab.play.maps import view_of


def test_what_is_packed_is_unpacked() -> None:
    """Every array begins where a reader of eight bytes may begin."""
    arrays: Arrays = {
        "a": np.arange(3, dtype=np.uint8),
        "b": np.array([[1.5, np.nan]], np.float32),
        "c": np.zeros((0, 4), np.float32),
    }
    content = pack({"name": "Ω"}, arrays)
    header, found = unpack(content)
    assert header == {"name": "Ω"}
    for name, array in arrays.items():
        assert np.array_equal(found[name], array, equal_nan=name == "b")
    length = int.from_bytes(content[:4], "little")
    assert (4 + length) % 8 == 0
    assert all(at % 8 == 0 for *_, at in json.loads(content[4 : 4 + length])["arrays"])


def test_curves_of_the_epochs_that_the_page_has_not() -> None:
    found = session()
    for _ in range(3):
        found.train_epoch()
    assert curves(found, 0)[0, :, 0].tolist() == single(losses(found)[1:])
    assert curves(found, 2).shape == (1, 1, 7)


def test_a_frame_is_the_network_as_it_is() -> None:
    found = session()
    found.train_epoch()
    view = view_of(found.lineup.trials[0].run.dataset, [0, 1])
    header, arrays = unpack(frame(found, 7, 0, view, 0))
    network = found.lineup.stacks[0].network
    assert (header["frame"], header["epoch"], header["last"]) == (7, 1, 1)
    assert np.array_equal(arrays["Omega_0"], network.weights[0][0].detach().numpy())
    assert np.array_equal(arrays["beta_1"], network.biases[1][0, 0].detach().numpy())
    assert arrays["units_0"].dtype == np.uint8
    largest = np.abs(arrays["units_0"].astype(int) - MIDDLE).max(1)
    assert largest.tolist() == [MIDDLE - 1] * 3
    assert arrays["outputs"].shape == (1, 6400)
    assert arrays["gradient_norms"].shape == (2,)
    assert arrays["gradient_norms"].astype(float).min() > 0


def test_weights_that_are_too_many_to_draw_are_not_sent() -> None:
    found = session(f"model.width={MOST_WEIGHTS}")
    _, arrays = unpack(frame(found, 1, 0, None, 0))
    assert "Omega_0" not in arrays
    assert "curves" in arrays


def test_a_scene_holds_rows_and_settings() -> None:
    """Rows of every part, where they lie on the map, with the position of their class."""
    heard = Heard()
    heard.ask("hello")
    ((header, arrays),) = heard.scenes
    rows = cast(dict[str, int], header["rows"])
    assert {name: len(arrays[f"{name}_points"]) for name in rows} == rows
    assert set(arrays["train_targets"].tolist()) == {0.0, 1.0}
    assert header["sizes"] == [2, 3, 1]
    values = cast(dict[str, object], header["values"])
    assert (values["model.width"], values["optimizer.name"]) == (3, "adam")
    assert "table" not in cast(dict[str, list[str]], header["choices"])["data"]


def test_settings_as_dotted_keys() -> None:
    found = plain_settings(session().lineup.trials[0])
    assert (found["batch_size"], found["data.rows"]) == (8, 40)


def test_two_frames_have_each_epoch_once() -> None:
    """Also where epochs came between that were not drawn."""
    heard = Heard()
    heard.ask("hello")
    heard.ask("epoch")
    ((_, first),) = heard.frames
    heard.engine.session.train_epoch()
    heard.ask("epoch")
    ((_, second),) = heard.frames
    assert curve(first) + curve(second) == single(losses(heard.engine.session)[1:])
