"""Composed once and changed, a job is what Hydra composes for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from lab import CONFIGS
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mlp_lab.runs.folder import to_yaml
from mlp_lab.sweep import composing
from mlp_lab.sweep.composing import Composer


@pytest.fixture
def master() -> Iterator[DictConfig]:
    """The configuration of a sweep into the folder `sweep`."""
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        loader = GlobalHydra.instance().config_loader()
        yield loader.load_configuration("train", ["hydra.sweep.dir=sweep"], RunMode.MULTIRUN)


def by_hydra(master: DictConfig, words: list[str], number: int) -> tuple[str, object, Path]:
    """config.yaml, the resolved values and the folder of a job as Hydra itself makes them."""
    loader = GlobalHydra.instance().config_loader()
    whole = loader.load_sweep_config(master, words)
    OmegaConf.set_struct(whole, False)
    whole.hydra.job.num = number
    HydraConfig.instance().set_config(whole)
    folder = Path(whole.hydra.sweep.dir) / str(whole.hydra.sweep.subdir)
    del whole["hydra"]
    return OmegaConf.to_yaml(whole), OmegaConf.to_container(whole, resolve=True), folder


def composer(master: DictConfig) -> Composer:
    return Composer(GlobalHydra.instance().config_loader(), master)


@pytest.mark.parametrize(
    "words",
    [
        ["seed=3", "optimizer.lr=1e-5", "batch_size=full"],
        ["model=wide", "data=iris", "model.width=[5,2]", "quiet=true", "stop.patience=null"],
        ["data=table", "data.path=a b.csv", "data.target=income", "data.types.zip=category"],
        ["+data.types.zip=category", "data.levels.trust=[low,high]", "data=table"],
        ["++seed=4", "++optimizer.lr=0.5"],
        ["epochs=7", "seed=${epochs}"],
        ["~experiment", "schedule=cosine"],
    ],
)
def test_a_job_is_as_hydra_composes_it(words: list[str], master: DictConfig) -> None:
    """Its .hydra/config.yaml has the same bytes, its values and its folder are the same."""
    ours, (yaml, values, folder) = composer(master).compose(words, 12), by_hydra(master, words, 12)
    assert to_yaml(ours.record["config.yaml"]) == yaml
    assert ours.record["overrides.yaml"] == words
    assert ours.values == values
    assert ours.folder == folder == Path("sweep/12")


@pytest.mark.parametrize(
    "subdir",
    ["${hydra.job.override_dirname}", "a_${hydra.job.num}", "${model.width}/${hydra.job.num}"],
)
def test_a_folder_may_be_named_by_anything_of_a_job(subdir: str, master: DictConfig) -> None:
    master.hydra.overrides.hydra.append(f"hydra.sweep.subdir={subdir}")
    words = ["seed=3", "model.width=4", "optimizer.lr=1e-3", "data=iris"]
    one = composer(master)
    for number in (0, 7):
        assert one.compose(words, number).folder == by_hydra(master, words, number)[2]


def test_group_choices_alone_are_composed(
    master: DictConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which takes Hydra a twentieth of a second each time."""
    loader = GlobalHydra.instance().config_loader()
    compose, asked = loader.load_sweep_config, list[list[str]]()

    def counted(master: DictConfig, words: list[str]) -> DictConfig:
        asked.append(words)
        return compose(master, words)

    monkeypatch.setattr(loader, "load_sweep_config", counted)
    one = composer(master)
    for number, model in enumerate(["deep", "wide", "deep", "wide"]):
        one.compose([f"model={model}", f"seed={number}"], number)
    assert asked == [["model=deep"], ["model=wide"]]


def test_jobs_share_nothing_that_one_of_them_may_change(master: DictConfig) -> None:
    one = composer(master)
    first, second = one.compose(["seed=1"], 0), one.compose(["seed=2"], 1)
    assert (first.values["seed"], second.values["seed"]) == (1, 2)
    assert one.compose(["optimizer.lr=0.5"], 2).values["optimizer"] != first.values["optimizer"]
    assert first.values["optimizer"] == second.values["optimizer"]


def test_an_unknown_key_is_refused(master: DictConfig) -> None:
    with pytest.raises(OmegaConfBaseException, match=r"optimizer.momentun"):
        composer(master).compose(["optimizer.momentun=0.9"], 0)


@pytest.mark.parametrize("value", ["0", "7", "-3", "007", "-0", "1_000", "+1", "10" * 9, "10" * 10])
def test_whole_numbers_are_as_the_grammar_has_them(value: str) -> None:
    """Though most are read without it."""
    word = f"data.split_seed={value}"
    (expected,) = OverridesParser.create().parse_overrides([word])
    found = composing._parsed(word)
    assert found == expected
    assert type(found.value()) is type(expected.value())
