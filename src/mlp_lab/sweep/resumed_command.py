"""`-m sweep.resume=FOLDER`: the words that a sweep was made by, and what a command adds to them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from mlp_lab.compare.values import as_number
from mlp_lab.config.extra_folder import CALLS, NOTHING_RUNS
from mlp_lab.errors import UserError
from mlp_lab.formatting import typed_value
from mlp_lab.plain import brief
from mlp_lab.runs.job import INCIDENTAL
from mlp_lab.sweep.manifest import MANIFEST, Manifest

RESUME = "sweep.resume"

NOT_REPEATED = (f"{RESUME}=", "hydra.sweep.dir=")
"""Words that the command that resumes a sweep does without: it names the folder itself."""

NOT_KEPT = (*NOT_REPEATED, "sweep.latex=", "sweep.dry_run=", "sweep.detach=")
"""And those that are about one command alone: a file that it writes, a look ahead, not waiting."""

OF_HYDRA = re.compile(
    r"hydra/(sweeper|launcher)=\w+|hydra\.sweep\.subdir=.+"
    r"|hydra\.sweeper\.(n_trials|batch|sampler|seed|max_batch_size)=\w+"
)
"""What a file may say of Hydra: how many jobs are asked for at once, and the names of folders."""

SETTING = re.compile(r"[+~]*[\w./@-]+=|~\w+$")

NOT_OF_A_FILE = re.compile(
    r"[+~]*(resume\b|sweep(\.slurm)?=|sweep\.latex\b|sweep\.slurm\.(setup|python|extra)\b)|-"
)
"""What writes or runs something that only a person may ask for."""

REPEATED = "seed"
"""A key that may be added to any grid: another seed repeats its settings."""

Default = Callable[[Sequence[str]], DictConfig]
"""Words -> the configuration of the whole sweep that they stand for."""


def words_to_keep(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """The words of a command as sweep.json keeps them; none where it needs more than its words.

    That is a folder of settings beside configs/ (`options`), a look into the environment, or what
    only a person may ask of Hydra.
    """
    kept = [word for word in words if not word.startswith(NOT_KEPT)]
    return kept if not options and all(map(_may_be_kept, kept)) else []


def _may_be_kept(word: str) -> bool:
    """Whether a word is a setting that means the same to all, and writes and calls nothing."""
    if SETTING.match(word) is None or not _is_read(word):
        return False
    if NOT_OF_A_FILE.match(word) or CALLS.search(word):
        return False
    return re.match(r"[+~]*hydra\b", word) is None or OF_HYDRA.fullmatch(word) is not None


def _is_read(word: str) -> bool:
    try:
        OverridesParser.create().parse_override(word)
    except HydraException:
        return False
    return True


def resumed_words(typed: Sequence[str], default: Default, options: Sequence[str] = ()) -> list[str]:
    """The words of a sweep's command; where it resumes another, with those that made that one.

    What is typed is added: a value to a key of the grid, a seed, how jobs are trained side by side.
    `options`: of the command line, beside its words; `default`: what composes words.

    Raises:
        UserError: a setting outside the grid would be another than the sweep has, or its manifest
            cannot be read.
    """
    parsed = OverridesParser.create().parse_overrides(list(typed))
    folders = [str(o.value()) for o in parsed if o.key_or_group == RESUME and o.value() is not None]
    if not folders or not (Path(folders[-1]) / MANIFEST).is_file():
        return list(typed)
    command = Manifest.load(Path(folders[-1])).command
    if not command:
        return list(typed)
    for word in command:
        if not _may_be_kept(word):
            raise UserError(
                f"{MANIFEST}: command must hold settings of a sweep, got {brief(word)}:"
                f" {NOTHING_RUNS}"
            )
    for option in options:
        raise UserError(f"{option} cannot be added to a sweep: leave it out, or {RESUME}")
    return _merged(command, parsed, lambda: default(command), folders[-1])


def _merged(
    command: Sequence[str],
    typed: Sequence[Override],
    default: Callable[[], DictConfig],
    folder: str,
) -> list[str]:
    made_by = {_key(o): o for o in OverridesParser.create().parse_overrides(list(command))}
    searching = "hydra/sweeper=optuna" in command
    words = {key: str(override.input_line) for key, override in made_by.items()}
    for override in typed:
        key = _key(override)
        if key.startswith(("sweep.", "hydra.")) or key.partition(".")[0] in INCIDENTAL:
            words[key] = str(override.input_line)
        elif key in made_by and searching and made_by[key].is_sweep_override():
            words[key] = str(override.input_line)  # another range
        else:
            known = _texts(made_by[key]) if key in made_by else _in(default(), key)
            known = [] if override.is_delete() and key not in made_by else known
            in_the_grid = key in made_by and made_by[key].is_sweep_override()
            new = [text for text in _texts(override) if _alike(text) not in map(_alike, known)]
            if new and not (in_the_grid or key == REPEATED):
                raise UserError(_refusal(override, made_by, folder))
            if new:
                words[key] = f"{key}={','.join([*known, *new])}"
    return list(words.values())


def _refusal(override: Override, made_by: dict[str, Override], folder: str) -> str:
    key = _key(override)
    made = str(made_by[key].input_line) if key in made_by else f"no {key}"
    grid = [name for name, other in made_by.items() if other.is_sweep_override()]
    added = ", ".join(dict.fromkeys([*grid, REPEATED]))
    return (
        f"{override.input_line} cannot be added to a sweep: {RESUME}={folder} was made with"
        f" {made}; values can be added to {added}"
    )


def _key(override: Override) -> str:
    """What a word is about: its key, as it would be typed."""
    return override.get_key_element().lstrip("+")


def _texts(override: Override) -> list[str]:
    """The values of a word, as they would be typed alone."""
    if not override.is_sweep_override():
        return [override.get_value_element_as_str()]
    if override.is_discrete_sweep():
        return list(override.sweep_string_iterator())
    return [override.get_value_string()]


def _in(composed: DictConfig, key: str) -> list[str]:
    """What a configuration has of a key: the choice of a group, or a value."""
    choices = composed.hydra.runtime.choices
    value = choices[key] if key in choices else OmegaConf.select(composed, key)
    if OmegaConf.is_config(value):
        value = OmegaConf.to_container(value)
    return [typed_value(value)]


def _alike(text: str) -> object:
    """The same for 1e-3 and 0.001, and with or without quotes."""
    number = as_number(text)
    return text.strip("'\"").replace(" ", "") if number is None else number
