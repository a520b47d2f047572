"""A run that was trained by a command goes on on a page from where it ended."""

import shutil
from pathlib import Path

import pytest
from lab import train
from played import SMALL, Heard, compose, losses, session

from mlp_lab.errors import UserError
from mlp_lab.play.finished import settings_of
from mlp_lab.play.session import Session
from mlp_lab.tracking.curves import CURVES, read_curves

MORE = ("epochs=3", "seed=4", "kernel=torch", "quiet=true", "tracking.report=false")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three epochs."""
    own = [word for word in SMALL if not word.startswith("epochs=")]
    return train(tmp_path_factory.mktemp("trained") / "run", *own, *MORE)


def test_it_goes_on_from_its_weights_and_moments(run: Path) -> None:
    """To the numbers of a training that was never interrupted; earlier epochs can be gone to."""
    opened, whole = Session.of([f"resume={run}"], compose), session("epochs=3", "seed=4")
    assert (opened.epoch, opened.last) == (3, 3)
    curves = [row["train_loss"] for row in read_curves(run / CURVES)]
    assert losses(opened)[1:] == curves
    while whole.train_epoch():
        pass
    assert opened.command(0)[1] == ""
    for own in (opened, whole):
        assert own.ended == "all of 3 epochs trained: set epochs to train on"
        own.change(own.settings.setting("epochs", "5"))
        own.train_epoch()
    assert losses(opened) == losses(whole)
    opened.back_to(1)
    assert (opened.epoch, opened.last) == (1, 4)
    assert losses(opened) == losses(whole)


def test_its_words_are_those_that_numbers_depend_on(run: Path) -> None:
    assert not [word for word in settings_of(run).words if word.startswith(("quiet", "tracking"))]
    assert "seed=4" in settings_of(run).words


def test_a_page_shows_all_of_its_epochs(run: Path) -> None:
    heard = Heard()
    heard.engine.session = Session.of([f"resume={run}"], compose)
    heard.ask("hello")
    ((header, arrays),) = heard.frames
    assert (header["epoch"], header["after"]) == (3, 0)
    assert arrays["curves"].shape[1] == 3
    assert "gradient_norms" not in arrays


def test_a_run_of_the_compiled_kernel(run: Path, tmp_path: Path) -> None:
    """The command's numbers are its up to rounding; those that are trained here are the same."""
    other = tmp_path / "run"
    shutil.copytree(run, other)
    result = other / "result.json"
    said = result.read_text()
    assert '"kernel": "torch"' in said
    result.write_text(said.replace('"kernel": "torch"', '"kernel": "native"'))
    opened = Session.of([f"resume={other}"], compose)
    assert opened.command(0)[1].startswith("the run was trained by kernel=native: the command's")
    opened.back_to(2)
    assert opened.command(0)[1] == ""


def test_a_run_that_went_on_for_more_epochs(run: Path, tmp_path: Path) -> None:
    """Its command line says how many there were to be at first."""
    longer = tmp_path / "longer"
    shutil.copytree(run, longer)
    words = (f"resume={longer}", "epochs=5", "kernel=torch", "quiet=true")
    train(longer, *words, "tracking.report=false")
    found = Session.of([f"resume={longer}"], compose)
    assert (found.epoch, found.ended[:15]) == (5, "all of 5 epochs")
    before = losses(found)
    found.back_to(4)
    assert (found.epoch, found.last) == (4, 5)
    assert losses(found) == before


def test_a_table_that_has_moved(tmp_path: Path) -> None:
    """Its path may be said beside the run."""
    table, moved = tmp_path / "a.csv", tmp_path / "b.csv"
    table.write_text("x,y\n" + "".join(f"{k * 11 % 40 / 8},{k % 7}\n" for k in range(30)))
    own = ("data=table", f"data.path={table}", "data.target=y", "data.task=regression")
    small = ("model=shallow", "model.width=2", "batch_size=8", "epochs=1", "kernel=torch")
    folder = train(tmp_path / "run", *own, *small, "quiet=true", "tracking.report=false")
    table.rename(moved)
    with pytest.raises(UserError, match="no such file"):
        Session.of([f"resume={folder}"], compose)
    assert Session.of([f"resume={folder}", f"data.path={moved}"], compose).epoch == 1


def test_what_cannot_be_opened(run: Path, tmp_path: Path) -> None:
    """In one line: no run, settings beside it, other rows, curves that were cut."""
    with pytest.raises(UserError, match=r"has no checkpoint\.safetensors"):
        Session.of([f"resume={tmp_path}"], compose)
    with pytest.raises(UserError, match="a run is opened as it was trained: change its settings"):
        Session.of([f"resume={run}", "seed=1"], compose)
    cut = tmp_path / "cut"
    shutil.copytree(run, cut)
    (cut / CURVES).write_text("".join((run / CURVES).read_text().splitlines(keepends=True)[:2]))
    with pytest.raises(UserError, match=r"curves\.csv has 1 epochs of 3"):
        Session.of([f"resume={cut}"], compose)
