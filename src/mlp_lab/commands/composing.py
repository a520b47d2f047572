"""Configurations as commands compose them: what YAML files call, and one training's settings."""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import hydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from mlp_lab.config.composition import from_hydra, store_open_groups, store_own_choices
from mlp_lab.config.groups import config_folder
from mlp_lab.config.hydra_section import require_plain
from mlp_lab.config.messages import explain
from mlp_lab.config.overrides import readable, require_short_numbers
from mlp_lab.config.renamed_keys import with_current_name
from mlp_lab.config.saved import saved_values
from mlp_lab.config.schema import CONFIG_NAME, Config
from mlp_lab.errors import UserError
from mlp_lab.runs.prepared_data import PreparedDataCache
from mlp_lab.sweep.manifest import MANIFEST


def run_folder(resume: str | None, name: object = None) -> str:
    """The folder to resume in, or a new one: its time, letters if two start together, its name."""
    if resume == "":
        raise UserError("resume= needs the folder of a run")
    if resume is not None:
        saved_values(Path(str(resume)))  # says so if it is no run, before anything is written
        return resume
    ending = "" if name is None else f"-{in_a_path(str(name))}".rstrip("-")
    return f"outputs/{datetime.now():%Y-%m-%d/%H-%M-%S}-{secrets.token_hex(3)}{ending}"


def in_a_path(name: str) -> str:
    """What a folder's name can hold of another name, on every system.

    >>> in_a_path("wave 2: all/rows.")
    'wave-2-all-rows'
    """
    return re.sub(r"[^\w.]+", "-", name)[:LONGEST].strip("-.")


def sweep_folder(resume: str | None, name: object = None) -> str:
    """The folder of the sweep to resume, or a new one."""
    if resume is None:
        return run_folder(None, name)
    if not (Path(str(resume)) / MANIFEST).is_file():
        raise UserError(f"sweep.resume={resume} is not a sweep's folder: it has no {MANIFEST}")
    return str(resume)


LONGEST = 40
"""Letters of a run's name in its folder's."""

RESOLVERS: dict[str, Callable[..., str | None]] = {
    "run_folder": run_folder,
    "sweep_folder": sweep_folder,
}
"""What `${name:...}` in a YAML file stands for."""


VERSION_BASE = "1.3"
"""Of Hydra: the version whose defaults hold."""


def prepare_hydra() -> None:
    """Let YAML files call the resolvers, each asked once, and words name a table's columns."""
    for name, resolver in RESOLVERS.items():
        OmegaConf.register_new_resolver(name, resolver, use_cache=True, replace=True)
    store_open_groups()
    store_own_choices()


def compose(overrides: Sequence[str]) -> Config:
    """The configuration of one training, from its command line.

    Raises:
        UserError: a key or value that cannot be.
    """
    return composed(overrides)[0]


def composed(overrides: Sequence[str]) -> tuple[Config, dict[str, object]]:
    """The same, also as plain data.

    Raises:
        UserError: a key or value that cannot be.
    """
    prepare_hydra()
    require_short_numbers(overrides)
    overrides = [readable(with_current_name(word)) for word in overrides]
    try:
        require_plain(overrides)
        for override in OverridesParser.create().parse_overrides(overrides):
            if override.is_sweep_override():
                raise UserError(
                    f"{override.input_line} gives several values, and only one can be shown: put"
                    " brackets around a list"
                )
        with hydra.initialize_config_dir(str(config_folder()), version_base=VERSION_BASE):
            facts_of = PreparedDataCache().facts
            return from_hydra(hydra.compose(CONFIG_NAME, overrides), overrides, facts_of)[:2]
    except UserError:
        raise
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise UserError(message) from error
