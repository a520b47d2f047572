"""A run folder: whose it is, and the configuration in it."""

import shlex
from pathlib import Path

import pytest
import yaml
from lab import values_of, written

from mlp_lab.errors import UserError
from mlp_lab.runs.folder import claim, remove_folder, to_yaml, write_config


def test_a_folder_is_claimed_once(tmp_path: Path) -> None:
    """To resume it is proposed where that can be."""
    claim(tmp_path, {"seed": 1})
    with pytest.raises(UserError, match=r"choose another folder$"):
        claim(tmp_path, {"seed": 2})
    (tmp_path / "checkpoint.safetensors").touch()
    with pytest.raises(UserError, match=f"or resume it with resume={tmp_path}$"):
        claim(tmp_path, {"seed": 2})
    assert "seed: 1\n" in (tmp_path / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text("")  # of a power cut
    claim(tmp_path, {"seed": 3})
    assert "seed: 3\n" in (tmp_path / "config.yaml").read_text()


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    """Whoever claims it has made it, and says where it cannot be."""
    with pytest.raises(FileNotFoundError):
        claim(tmp_path / "none", {})


def test_a_configuration_that_runs_by_itself(tmp_path: Path) -> None:
    """Its values come back, over Hydra's own settings; its first line is what to type."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    write_config(folder, values_of("data=iris"))
    text = (folder / "config.yaml").read_text()
    values = yaml.safe_load(text)
    assert values.pop("defaults") == ["settings", "_self_"]
    assert values == values_of("data=iris")
    words = shlex.split(text.splitlines()[0].removeprefix("# "))
    assert words[-4:] == ["--config-dir", str(folder), "--config-name", "config"]


def test_folders_above_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they were made for it; a folder that was named in full lies in one of the user's."""
    monkeypatch.chdir(tmp_path)
    for folder in ("outputs/day/one", "outputs/day/two", "named/run"):
        (tmp_path / folder / ".hydra").mkdir(parents=True)
    remove_folder(Path("outputs/day/one"))
    assert [path.name for path in (tmp_path / "outputs/day").iterdir()] == ["two"]
    remove_folder(Path("outputs/day/two"))
    assert [path.name for path in tmp_path.iterdir()] == ["named"]
    remove_folder(tmp_path / "named" / "run")
    assert list((tmp_path / "named").iterdir()) == []
    assert written(tmp_path) == set()


@pytest.mark.parametrize(
    "value", [1e-8, 1e300, "1e-8", "null", "no", "", "ö: #", [8, [], {}], None, True, "2020-01-01"]
)
def test_yaml_comes_back(value: object) -> None:
    """With its type, and keys in their order."""
    values = {"z": value, "a": {"x": value}}
    text = to_yaml(values)
    assert yaml.safe_load(text) == values
    assert [type(each) for each in yaml.safe_load(text).values()] == [type(value), dict]
    assert text.startswith("z:")
    assert "\\" not in text


@pytest.mark.parametrize(
    "value",
    [
        {"a": {}, "b": [], "c": {"d": [1, 1.0, True, None, "x: y"], "e": {"f": {"g": "é"}}}},
        {"long": "words " * 20, "a": {"b": {"long": "words " * 12}}},
        {"two": "one\ntwo", "three": ["a\nb"]},
        {"nested": [[1, 2], {"a": 1}], "yes": "yes", "1": "1", "": ""},
        {1: "a key that is a number", "x" * 90: 0},
        {"two\nlines": {}, "u": "a\u2028b", "q": 'it\'s "so"', "t": "\t"},
        ["a=1", "b=[1,2]", "c='x y'"],
        ["words " * 20],
        [[1], {}],
        [],
        {},
    ],
)
def test_yaml_entry_by_entry_is_that_of_the_whole(value: object) -> None:
    """To the letter, wherever lines may fold or a value is no plain one."""
    whole = yaml.dump(value, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True)
    if yaml.__with_libyaml__:
        whole = yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    assert to_yaml(value) == whole


def test_a_path_of_two_lines_is_a_comment_of_one(tmp_path: Path) -> None:
    """Its second line would be read as settings."""
    folder = tmp_path / "x\nseed: 5"
    folder.mkdir()
    write_config(folder, values_of("data=iris"))
    first, second, *_ = (folder / "config.yaml").read_text().splitlines()
    assert first.startswith("# ")
    assert second == "defaults:"
