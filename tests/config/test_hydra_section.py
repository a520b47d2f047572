"""What a configuration may say under `hydra:`."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from lab import CONFIGS
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from mlp_lab.config.extra_folder import require_settings_alone
from mlp_lab.config.hydra_section import TARGETS, require_inert, require_plain
from mlp_lab.errors import UserError


def whole(*words: str) -> DictConfig:
    """What Hydra composes, its own section included."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", list(words), return_hydra_config=True)


@pytest.mark.parametrize("key", TARGETS)
def test_every_choice_of_ours_is_allowed(key: str) -> None:
    """And names a class that there is."""
    group = key.removesuffix("._target_").replace(".", "/")
    for choice, name in TARGETS[key].items():
        words = [f"{group}={choice}"]
        composed = whole(*words)
        require_inert(composed, words)
        assert OmegaConf.select(composed, key) == name


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        (
            "launcher._target_",
            "os.abort",
            "hydra.launcher._target_ must be that of hydra/launcher=",
        ),
        ("callbacks", {"x": {"_target_": "os.abort"}}, "hydra.callbacks.x._target_ cannot"),
        ("callbacks", {"x": [{"_args_": []}]}, r"hydra.callbacks.x\[0\]._args_ cannot be"),
        ("callbacks", {"x": {}}, "hydra.callbacks cannot be changed"),
        ("job_logging.root", {"level": "INFO"}, "hydra.job_logging cannot be changed, got {"),
        ("run.dir", "/elsewhere", "hydra.run.dir of a file must lie in the working directory"),
        (
            "sweep.subdir",
            "../../x",
            "hydra.sweep.subdir of a file must lie in the working directory",
        ),
        (
            "overrides.task",
            ["seed=3"],
            "hydra.overrides cannot be set, got seed=3: nobody typed it",
        ),
    ],
)
def test_anything_else_is_refused(key: str, value: object, line: str) -> None:
    """In one line that names the key."""
    composed = whole()
    with read_write(composed), open_dict(composed):
        OmegaConf.update(composed.hydra, key, value, force_add=True)
    with pytest.raises(UserError, match=f"^{line}"):
        require_inert(composed, [])


def test_folders_below_are_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And others that are typed."""
    monkeypatch.chdir(tmp_path)
    composed = whole("hydra.run.dir=runs/mine")
    require_inert(composed, ["hydra.run.dir=runs/mine"])
    composed = whole("hydra.run.dir=/elsewhere")
    require_inert(composed, ["hydra.run.dir=/elsewhere"])


def test_words_that_options_stand_for() -> None:
    """They would be obeyed while Hydra still composes."""
    require_plain(["seed=3", "hydra.sweep.dir=x"])
    with pytest.raises(UserError, match=r"^hydra.searchpath cannot be set: --config-dir names"):
        require_plain(["+hydra.searchpath=['pkg://this']"])


def test_a_whole_configuration_says_nothing_of_hydra(tmp_path: Path) -> None:
    """Whatever its suffix, and however the key is written."""
    require_settings_alone(None, "train")
    require_settings_alone(tmp_path, "mine")
    (tmp_path / "mine.yaml").write_text("seed: 3\n")
    require_settings_alone(tmp_path, "mine")
    for text in ("hydra: {}", "hydra.callbacks: {}", "hydra/launcher: basic"):
        (tmp_path / "mine.yaml").write_text(f"seed: 3\n{text}\n")
        for name in ("mine", "mine.yaml"):
            with pytest.raises(UserError, match=r"mine\.yaml: unknown key 'hydra"):
                require_settings_alone(tmp_path, name)
