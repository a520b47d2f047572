"""A network of a page as a run's folder: what the command would have left."""

import io
import shlex
from pathlib import Path
from zipfile import ZipFile

import pytest
from lab import train
from played import Heard, compose, session, settings

from mlp_lab.config.overrides import readable
from mlp_lab.errors import UserError
from mlp_lab.play.export import zipped_run
from mlp_lab.play.frames import unpack
from mlp_lab.play.session import Session
from mlp_lab.play.uploads import kept
from mlp_lab.predictor import load
from mlp_lab.runs.folder import CHECKPOINT, CONFIG, LOG, MODEL, PAGE, RESULT, SCHEMA
from mlp_lab.runs.result_file import read_result
from mlp_lab.tracking.curves import CURVES, read_curves

FILES = {CHECKPOINT, CONFIG, CURVES, LOG, MODEL, PAGE, RESULT, SCHEMA}


def unzipped(found: Session, place: Path, number: int = 0) -> Path:
    """The run's folder of a network."""
    name, content = zipped_run(found, number)
    with ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(place)
    return place / name.removesuffix(".zip")


def test_it_is_what_the_command_leaves(tmp_path: Path) -> None:
    """The same weights, curves, scores and verdict; it can be resumed and predicts."""
    found = session("optimizer.lr=0.05")
    for _ in range(4):
        found.train_epoch()
    found.back_to(3)
    folder = unzipped(found, tmp_path)
    assert {path.name for path in folder.iterdir()} >= FILES
    words = list(map(readable, shlex.split(found.command(0)[0])[2:]))
    other = train(tmp_path / "other", *words, "quiet=true")
    for name in (MODEL, SCHEMA):
        assert (folder / name).read_bytes() == (other / name).read_bytes()
    left_out = ("seconds", "overrides", "environment")
    one, two = (
        str({key: value for key, value in read_result(own / RESULT).items() if key not in left_out})
        for own in (folder, other)
    )
    assert one == two.replace(str(other), folder.name)
    curves = [read_curves(own / CURVES) for own in (folder, other)]
    for row, same in zip(*curves, strict=True):
        assert row | {"seconds": 0} == same | {"seconds": 0}
    assert load(folder).schema.names == ["x_1", "x_2"]
    train(folder, f"resume={folder}", "epochs=5", "quiet=true", "tracking.report=false")
    longer = train(tmp_path / "longer", *words, "epochs=5", "quiet=true", "tracking.report=false")
    ends = [read_curves(own / CURVES)[-1]["train_loss"] for own in (folder, longer)]
    assert ends[0] == ends[1]


def test_a_table_lies_beside_it(tmp_path: Path) -> None:
    """Under its own name, and no file says where the page kept it."""
    place = tmp_path / "mlp_lab_play_1"
    place.mkdir()
    rows = "\n".join(f"{k % 7},{k % 5},{k % 7 > k % 5}" for k in range(60))
    table = kept(place, "own rows.csv", f"a,b,c\n{rows}\n".encode())
    found = Session(settings().of_table(table, "c"), compose)
    found.train_epoch()
    folder = unzipped(found, tmp_path)
    assert (tmp_path / "own-rows.csv").read_bytes() == table.read_bytes()
    assert "path: own-rows.csv" in (folder / CONFIG).read_text()
    for path in folder.iterdir():
        assert place.name not in path.read_bytes().decode(errors="replace"), path


def test_one_of_several(tmp_path: Path) -> None:
    """The network in view; weights set by hand are said in its log."""
    heard = Heard(("model.width=2,5",))
    heard.ask("weight", key="beta_1", inputs=[0, 0], number=0.5)
    heard.ask("focus", number=1)
    line = heard.refusal("export")
    assert line == "there is no run to export yet: train an epoch"
    heard.ask("epoch")
    heard.ask("export")
    pieces = [unpack(content) for content in heard.sent if isinstance(content, bytes)]
    header, arrays = next(piece for piece in pieces if "file" in piece[0])
    assert header["file"] == "run-1-epochs.zip"
    with ZipFile(io.BytesIO(arrays["content"].tobytes())) as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / "run-1-epochs"
    assert next(load(folder).network.parameters()).shape == (5, 2)
    assert "first weights were set by hand" not in (folder / LOG).read_text()


def test_within_an_epoch() -> None:
    """There is no such run."""
    found = session()
    found.train_epoch()
    found.take_step()
    with pytest.raises(UserError, match=r"^epoch 2 has only begun: train the rest of it first$"):
        zipped_run(found, 0)
