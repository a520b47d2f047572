"""The folder of files beside configs/."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from lab import CONFIGS

from mlp_lab.config.extra_folder import beside_configs


def test_files_are_found_in_the_block(tmp_path: Path) -> None:
    """After those of configs/, which nothing hides."""
    (tmp_path / "experiment").mkdir()
    for name, seed in (("mine", 7), ("spirals", 8)):
        text = f"# @package _global_\nseed: {seed}\n"
        (tmp_path / "experiment" / f"{name}.yaml").write_text(text)
    for folder, there in ((tmp_path, True), (None, False)):
        with beside_configs(folder), initialize_config_dir(str(CONFIGS), version_base="1.3"):
            try:
                assert compose("train", ["experiment=mine"]).seed == 7
                assert compose("train", ["experiment=spirals"]).seed == 0
                found = True
            except Exception:
                found = False
        assert found == there
