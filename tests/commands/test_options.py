"""Words of a command line: which are options, and what they ask for."""

from pathlib import Path

import pytest

from mlp_lab.commands.options import parse
from mlp_lab.errors import UserError


@pytest.mark.parametrize(
    ("typed", "words", "multirun"),
    [
        ("seed=1 model=deep", "seed=1 model=deep", False),
        ("seed=1,2 -m", "seed=1,2", True),
        ("seed=1,2 --multirun model=deep -m", "seed=1,2 model=deep", True),
        ("seed=1 cv=5", "seed=1 cv=5", True),
        ("cv=5 --multirun", "cv=5", True),
        ("cv=null", "cv=null", False),
        ("--run seed=1", "seed=1", False),
    ],
)
def test_several_runs(typed: str, words: str, multirun: bool) -> None:
    """Wherever -m stands; `cv` asks for them without it."""
    options = parse(typed.split())
    assert (options.words, options.multirun) == (words.split(), multirun)
    assert options.shows == []


@pytest.mark.parametrize(
    ("typed", "shows"),
    [
        ("--cfg job seed=1", "--cfg job --config-name train"),
        ("seed=1 -c job --resolve", "--resolve --cfg job --config-name train"),
        ("--help", "--help --config-name train"),
        ("-sc query=bash", "--shell-completion --config-name train"),
        ("seed=1 --info", "--info all --config-name train"),
        ("--info defaults -cn mine", "--info defaults --config-name mine"),
    ],
)
def test_what_is_only_shown(typed: str, shows: str) -> None:
    """In Hydra's order: options first."""
    options = parse(typed.split())
    assert options.shows == shows.split()
    assert options.words == [word for word in typed.split() if "=" in word]


def test_a_folder_of_files_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be written as seen from here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert parse(["--config-dir", "mine"]).config_dir == tmp_path / "mine"
    with pytest.raises(UserError, match=r"^--config-dir must be a folder, got nowhere$"):
        parse(["--config-dir=nowhere"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--optimizer.lr=0.1"], "unknown option '--optimizer.lr=0.1': settings are written "),
        (["--seed", "1"], "unknown option '--seed': settings are written without dashes"),
        (["seed=1", "--sed=1"], "unknown option '--sed=1'"),
        (["-x"], "unknown option '-x'"),
        (["--config-dir"], "--config-dir needs a value"),
        (["--cfg", "jobs"], "unknown --cfg 'jobs': did you mean 'job'?"),
        (["--info", "x"], "unknown --info 'x'"),
        (["--experimental-rerun", "config.pickle"], "unknown option '--experimental-rerun'"),
        (["--config-path=/elsewhere"], "unknown option '--config-path=/elsewhere'"),
        (["-cp", "pkg://this"], "unknown --cfg 'p'"),
    ],
)
def test_options_that_there_are_not(words: list[str], line: str) -> None:
    """One line each, without the usage that argparse would print."""
    with pytest.raises(UserError) as refused:
        parse(words)
    assert str(refused.value).startswith(line)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that ends in .yaml is the file, wherever it stands; settings beside it hold."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "vote 2.yaml").touch()
    (tmp_path / "there.yaml").mkdir()
    options = parse(["epochs=3", "mine/vote 2.yaml", "-m", "data.path=x.yaml"])
    assert options.words == ["epochs=3", "data.path=x.yaml"]
    assert (options.config_dir, options.config_name) == (tmp_path / "mine", "vote 2.yaml")
    assert options.multirun
    for words, line in (
        (["nowhere.yaml"], "nowhere.yaml is no file"),
        (["there.yaml"], "there.yaml is a folder"),
        (["a.yaml", "b.yaml"], "one file of settings can be trained by, got a.yaml and b.yaml"),
        (["a.yaml", "-cd", "mine"], "a.yaml and --config-dir: leave one out"),
        (["a.yaml", "-cn", "mine"], "a.yaml and --config-name: leave one out"),
    ):
        with pytest.raises(UserError, match=f"^{line}$"):
            parse(words)
    (tmp_path / "parts.yaml").touch()
    with pytest.raises(UserError, match=r"^parts.yaml: the program's own settings are in parts"):
        parse(["parts.yaml"])
