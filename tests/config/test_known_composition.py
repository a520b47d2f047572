"""A configuration that is composed once where Hydra would compose it twice."""

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.types import RunMode

from mlp_lab.commands.composing import VERSION_BASE, prepare_hydra
from mlp_lab.config.groups import config_folder
from mlp_lab.config.known_composition import KnownComposition
from mlp_lab.config.schema import CONFIG_NAME


def test_what_is_known_is_given_once() -> None:
    """Whatever is asked for later is composed, and every other question goes to Hydra."""
    prepare_hydra()
    with hydra.initialize_config_dir(str(config_folder()), version_base=VERSION_BASE):
        program = GlobalHydra.instance().hydra
        assert program is not None
        loader = program.config_loader
        composed = loader.load_configuration(CONFIG_NAME, ["seed=3"], RunMode.RUN)
        known = KnownComposition(loader, composed)
        assert known.load_configuration(CONFIG_NAME, ["seed=3"], RunMode.RUN) is composed
        other = known.load_configuration(CONFIG_NAME, ["seed=5"], RunMode.RUN)
        assert (composed.seed, other.seed) == (3, 5)
        assert known.load_sweep_config(composed, ["seed=7"]).seed == 7
        assert known.list_groups("") == loader.list_groups("")
        assert "adam" in known.get_group_options("optimizer", ObjectType.CONFIG)
        assert known.get_search_path() is loader.get_search_path()
        assert [type(one) for one in known.get_sources()] == [
            type(one) for one in loader.get_sources()
        ]
        assert known.compute_defaults_list(CONFIG_NAME, [], RunMode.RUN) is not None
