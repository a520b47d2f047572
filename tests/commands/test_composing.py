"""What YAML files call, and the configuration of one training."""

import re
from pathlib import Path

import pytest
from lab import call, configure, values_of

from mlp_lab.commands import composing
from mlp_lab.commands.composing import compose, run_folder, sweep_folder
from mlp_lab.errors import UserError
from mlp_lab.runs.folder import write_config


def test_new_folders_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of runs that start in the same second too; nothing is made yet."""
    monkeypatch.chdir(tmp_path)
    folders = [make(None) for make in (run_folder, run_folder, sweep_folder)]
    assert len(set(folders)) == 3
    form = r"outputs/\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-[0-9a-f]{6}"
    assert all(re.fullmatch(form, folder) for folder in folders)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("first try", "-first-try"),
        ("../up/\\x", "-up-x"),
        ("größer 2.5", "-größer-2.5"),
        ("…", ""),
        ("a" * 99, f"-{'a' * 40}"),
        (None, ""),
    ],
)
def test_a_name_ends_the_folders(name: str | None, ending: str) -> None:
    """As far as every system has its letters; it leads nowhere else."""
    for make in (run_folder, sweep_folder):
        folder = make(None, name)
        form = r"outputs/[\d-]+/\d\d-\d\d-\d\d-[0-9a-f]{6}" + re.escape(ending)
        assert re.fullmatch(form, folder)


def test_a_folder_to_go_on_in(tmp_path: Path) -> None:
    """It must hold a run."""
    for resume in ("", str(tmp_path)):
        with pytest.raises(UserError):
            run_folder(resume)
    write_config(tmp_path, values_of("data=iris"))
    assert run_folder(str(tmp_path)) == str(tmp_path)


def test_a_sweep_to_go_on_with(tmp_path: Path) -> None:
    """A run's folder is none."""
    (tmp_path / "config.yaml").write_text("seed: 0\n")
    with pytest.raises(UserError, match="has no sweep"):
        sweep_folder(str(tmp_path))
    (tmp_path / "sweep.json").touch()
    assert sweep_folder(str(tmp_path)) == str(tmp_path)


def test_a_configuration() -> None:
    """As a training would have it."""
    words = ["data=iris", "optimizer=sgd", "model.width=[8,4,2]"]
    assert compose(words) == configure(*words)


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("seed=0,1", "seed=0,1 gives several values"),
        ("optimizer=adm", "unknown optimizer 'adm': did you mean 'adam'?"),
        ("optimizer.lr=0", "optimizer.lr must be positive"),
        ("model.width=[1", "cannot read 'model.width=[1'"),
        ("hydra.searchpath=[pkg://this]", "hydra.searchpath cannot be set"),
    ],
)
def test_a_configuration_that_cannot_be(word: str, line: str) -> None:
    """One line, whoever finds it; the next one can be made all the same."""
    with pytest.raises(UserError) as caught:
        compose([word])
    assert str(caught.value).startswith(line)
    assert len(str(caught.value).splitlines()) == 1
    assert compose(["seed=3"]).seed == 3


def test_a_run_whose_config_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hydra asks for it while it resolves the folder."""

    def locked(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", f"{folder}/config.yaml")

    monkeypatch.setattr(composing, "saved_values", locked)
    done = call(["resume=run"], tmp_path)
    assert (done.returncode, done.stderr) == (1, "cannot use run/config.yaml: Permission denied\n")
