"""The commands: `python train.py ...` and `mlp-lab train ...`."""

import logging
import os
import secrets
import shlex
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, redirect_stderr, suppress
from dataclasses import fields
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from mlp_lab import __version__
from mlp_lab.commands import compare as comparing
from mlp_lab.commands import dashboard as showing
from mlp_lab.commands import lesson as teaching
from mlp_lab.commands import predict as predicting
from mlp_lab.commands import trace as tracing
from mlp_lab.config.overrides import readable
from mlp_lab.config.schema import (
    CONFIG_NAME,
    Config,
    config_options,
    explain,
    fold_overrides,
    from_hydra,
    refuse_sweep_settings,
    saved_values,
    store_open_groups,
)
from mlp_lab.data.tables.config import TableConfig
from mlp_lab.errors import JOBS_FAILED, Interrupted, UserError, nearest
from mlp_lab.program import INTERRUPTED, as_typed, interruptible, train_words
from mlp_lab.report.drawer import Drawer
from mlp_lab.runs.folder import remove_folder
from mlp_lab.runs.job import Job
from mlp_lab.runs.preflight import require_possible
from mlp_lab.runs.prepared import pose
from mlp_lab.sweep.manifest import BOOK

FULL_ERROR = "HYDRA_FULL_ERROR"
TRACEBACK_WANTED = os.environ.get(FULL_ERROR) == "1"

logger = logging.getLogger(__name__)


def config_folder() -> Path:
    """`configs/`: inside an installed package, else beside `src/` in a checkout.

    An absolute path serves a script, an editable install and an installed command alike.
    """
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parents[1] / "configs"


def run_folder(resume: str | None) -> str:
    """The folder to go on in, or a new one: its time, and letters in case two start together."""
    if resume == "":
        raise UserError("resume= needs the folder of a run")
    if resume is not None:
        saved_values(Path(str(resume)))  # says so if it is no run, before anything is written
        return resume
    return f"outputs/{datetime.now():%Y-%m-%d/%H-%M-%S}-{secrets.token_hex(3)}"


def sweep_folder(resume: str | None) -> str:
    """The sweep to go on with, or a new folder."""
    if resume is None:
        return run_folder(None)
    if not (Path(str(resume)) / BOOK).is_file():
        raise UserError(f"sweep.resume={resume} is no sweep's folder: it has no {BOOK}")
    return str(resume)


def hydra_folder(resume: str | None) -> str | None:
    """Hydra's record of a command; a resumed run keeps the record of its first one."""
    return ".hydra" if resume is None else None


def train() -> None:
    """Compose the configuration from the command line and train; exit status 1 on an error."""
    if sys.argv[1:] == ["--version"]:
        print(__version__)
        return
    refuse_dashes(sys.argv[1:])
    sys.argv[1:] = [readable(word) for word in multirun_first(sys.argv[1:])]
    register_resolvers()
    store_open_groups()
    logging.raiseExceptions = False  # where train.log cannot be written, the terminal says why
    os.environ[FULL_ERROR] = "1"  # let errors through to us; Hydra would print several lines
    command = hydra.main(
        version_base="1.3", config_path=str(config_folder()), config_name=CONFIG_NAME
    )(train_job)
    try:
        with interruptible():
            command()
    except Interrupted as stop:  # of a sweep
        print(stop, file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # of --help | head
        from mlp_lab.terminal import stop_writing  # rich

        stop_writing()
        sys.exit(1)
    except Exception as error:
        message = explain(error)
        if TRACEBACK_WANTED or message is None:
            raise
        fail(message)


RESOLVERS: dict[str, Callable[..., str | None]] = {
    "run_folder": run_folder,
    "sweep_folder": sweep_folder,
    "hydra_folder": hydra_folder,
    "train_words": lambda: shlex.join(train_words()),
    "config_folder": lambda: str(as_typed(config_folder())),
}
"""What `${name:...}` in a YAML file stands for."""


def register_resolvers() -> None:
    """Let YAML files call them; each is asked once."""
    for name, resolver in RESOLVERS.items():
        OmegaConf.register_new_resolver(name, resolver, use_cache=True, replace=True)


def refuse_dashes(words: Sequence[str]) -> None:
    """One line for options that do not exist, as `--epochs 5`; Hydra would print its usage."""
    names = {field.name for field in fields(Config)}
    for word in words:
        key = word.removeprefix("--").partition("=")[0]
        if word.startswith("--") and key.partition(".")[0] in names:
            fail(f"unknown option {word!r}: settings are written without dashes, as {key}=...")
    if not any(word.startswith("-") for word in words):
        return
    said = StringIO()
    try:
        with redirect_stderr(said):
            _, unknown = get_args_parser().parse_known_args(words)
    except SystemExit:  # its usage, and the error in the last line
        fail(said.getvalue().splitlines()[-1].partition("error: ")[2])
    for word in unknown:
        if word.startswith("-"):
            fail(f"unknown option {word!r}: --help names those that there are")


def multirun_first(words: Sequence[str]) -> list[str]:
    """-m before the overrides, where Hydra looks for it; a cross-validation is several runs."""
    flags = [word for word in words if word in ("-m", "--multirun")]
    if any(word.startswith("cv=") and word != "cv=null" for word in words):
        flags = flags or ["-m"]
    return [*flags[:1], *(word for word in words if word not in flags)]


def train_job(composed: DictConfig) -> None:
    """One run: what Hydra calls with each composed configuration."""
    hydra_config = HydraConfig.get()
    folder = as_typed(Path(hydra_config.runtime.output_dir))
    overrides = list(hydra_config.overrides.task)
    alone = hydra_config.mode == RunMode.RUN
    try:
        config, values = from_hydra(composed, overrides)
        require_one_run(config, folder)
        if alone:
            require_no_sweep(composed, overrides)
        do(Job(config, values, folder, [*config_options(hydra_config), *overrides]))
    except KeyboardInterrupt:
        remove_unused(folder)
        raise
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        sys.exit(INTERRUPTED)
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        if not (alone and remove_unused(folder)):
            with suppress(OSError):  # nothing can be written any more, as the terminal will say
                logger.error(message)
        if not alone:
            print(f"job {hydra_config.job.num}: {message}", file=sys.stderr)
            raise UserError(JOBS_FAILED) from error  # Hydra goes on with the other jobs
        if TRACEBACK_WANTED:
            raise
        fail(message)


def do(job: Job) -> None:
    """Train a job's network, or only show its data.

    Raises:
        UserError: it cannot be trained, or it diverged.
    """
    config, folder = job.config, job.folder
    problem = pose(config)
    if isinstance(config.data, TableConfig) and config.data.report_only:
        from mlp_lab.data.tables.printing import give_report  # rich

        assert problem.overview is not None
        give_report(problem.overview, folder, config.quiet)
        print(folder)
        return
    require_possible(job, problem)
    with Drawer() if config.tracking.report else nullcontext() as drawer:
        from mlp_lab.runs.run import run
        from mlp_lab.verdict.judge import Judge  # torch: what cannot be is refused before it loads

        finished = run(job, problem, Judge())
        if drawer is not None:
            from mlp_lab.report.diagnostics import show_in_tensorboard, write_diagnostics

            write_diagnostics(finished, folder)
            drawer.draw(folder)
            if config.tracking.tensorboard:
                show_in_tensorboard(folder)
    finished.ending.raise_if_diverged(folder)


def require_one_run(config: Config, folder: Path) -> None:
    """Raise if a run is to go on in a folder that is not its own."""
    if config.resume is not None and folder.resolve() != Path(config.resume).resolve():
        raise UserError(
            f"resume={config.resume} goes on in that folder alone: leave out -m and hydra.*.dir"
        )


def require_no_sweep(composed: DictConfig, overrides: Sequence[str]) -> None:
    """Raise if one run is asked for what only a sweep can do."""
    refuse_sweep_settings(overrides, "the jobs of a sweep: put -m before the overrides")
    if fold_overrides(composed):
        raise UserError(f"cv={composed.cv} trains several networks: put -m before the overrides")


def remove_unused(folder: Path) -> bool:
    """Remove what Hydra made for a run that never began; whether it was removed."""
    unused = {path.name for path in folder.iterdir()} <= {".hydra"}
    if unused:
        log_no_more(folder)
        remove_folder(folder)
    return unused


def log_no_more(folder: Path) -> None:
    """Close the log file in a folder; what logs at exit, as torch does, would open it again."""
    root = logging.getLogger()
    for handler in root.handlers.copy():
        if isinstance(handler, logging.FileHandler) and _lies_in(folder, handler.baseFilename):
            root.removeHandler(handler)
            handler.close()


def _lies_in(folder: Path, file: str) -> bool:
    return Path(file).resolve().is_relative_to(folder.resolve())


def fail(message: str) -> NoReturn:
    """One line on stderr, exit status 1."""
    print(message, file=sys.stderr)
    sys.exit(1)


def predict() -> None:
    """`mlp-lab predict RUN_FOLDER FILE -o FILE`."""
    _about_a_saved_run("predict")


def evaluate() -> None:
    """`mlp-lab evaluate RUN_FOLDER FILE`."""
    _about_a_saved_run("evaluate")


def compare() -> None:
    """`mlp-lab compare FOLDER ...`."""
    parser = predicting.Parser("mlp-lab compare", description=comparing.ABOUT)
    comparing.add_arguments(parser)
    _in_one_line(lambda: comparing.run(parser.parse_args()))


def trace() -> None:
    """`mlp-lab trace [RUN_FOLDER | key=value ...]`."""
    parser = predicting.Parser(
        "mlp-lab trace", description=tracing.ABOUT, formatter_class=RawDescriptionHelpFormatter
    )
    tracing.add_arguments(parser)
    _in_one_line(lambda: tracing.run(parser.parse_intermixed_args(), composed))


def lesson() -> None:
    """`mlp-lab lesson [NAME key=value ...]`."""
    parser = predicting.Parser("mlp-lab lesson", description=teaching.ABOUT)
    teaching.add_arguments(parser)
    register_resolvers()
    store_open_groups()
    _in_one_line(lambda: teaching.run(parser.parse_args(), config_folder(), run_folder(None)))


def dashboard() -> None:
    """`mlp-lab dashboard [FOLDER ...]`."""
    parser = predicting.Parser("mlp-lab dashboard", description=showing.ABOUT)
    showing.add_arguments(parser)
    _in_one_line(lambda: showing.run(parser.parse_args()))


def composed(overrides: list[str]) -> Config:
    """The configuration of one training, from its command line.

    Raises:
        UserError: a key or value that cannot be.
    """
    register_resolvers()
    store_open_groups()
    try:
        for override in OverridesParser.create().parse_overrides(overrides):
            if override.is_sweep_override():
                raise UserError(
                    f"{override.input_line} gives several values, and only one can be shown: put"
                    " brackets around a list"
                )
        with hydra.initialize_config_dir(version_base="1.3", config_dir=str(config_folder())):
            return from_hydra(hydra.compose(CONFIG_NAME, overrides), overrides)[0]
    except UserError:
        raise
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise UserError(message) from error


def _about_a_saved_run(name: str) -> None:
    parser = predicting.parser(name)
    _in_one_line(lambda: predicting.run(name, parser.parse_args()))


def _in_one_line(command: Callable[[], None]) -> None:
    """Run a command; an error that its user can mend is one line, exit status 1."""
    try:
        with interruptible():
            command()
    except (UserError, OSError) as error:
        if TRACEBACK_WANTED:
            raise
        fail(explain(error) or str(error))


COMMANDS = {
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "compare": compare,
    "trace": trace,
    "lesson": lesson,
    "dashboard": dashboard,
}
USAGE = """\
mlp-lab train ...                     train a network: the same as `python train.py ...`
mlp-lab predict RUN_FOLDER FILE ...   predict the rows of a file
mlp-lab evaluate RUN_FOLDER FILE ...  loss and metrics on the rows of a file that holds the target
mlp-lab compare FOLDER ...            rank the settings of a sweep's runs, or of any runs
mlp-lab trace ...                     the backward pass of a small network, by name
mlp-lab lesson [NAME]                 train networks and hold a textbook's claims against them
mlp-lab dashboard [FOLDER ...]        show runs in TensorBoard
mlp-lab COMMAND --help                says more"""


COMPLETION = ("-sc", "--shell-completion")
"""Hydra's options for what the tab key completes."""


def complete() -> None:
    """`mlp-lab -sc query=bash` of a line that is being typed, or `-sc install=bash` once."""
    line = os.environ.get("COMP_LINE", "")
    typed = line.split()[1:]
    if sys.argv[2:3] and sys.argv[2].startswith("query="):
        if not typed or (len(typed) == 1 and not line.endswith(" ")):
            print(" ".join(COMMANDS))
            return
        if typed[0] != "train":
            return  # its arguments are files
        os.environ["COMP_LINE"] = line.replace(" train", "", 1)
    train()


def main() -> None:
    """`mlp-lab COMMAND ...`; each command parses its own arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print(USAGE)
    elif name == "--version":
        print(__version__)
    elif name in COMPLETION:
        complete()
    elif name in COMMANDS:
        sys.argv = [sys.argv[0], *sys.argv[2:]]
        COMMANDS[name]()
    elif "=" in name:
        fail(f"unknown command {name!r}: did you mean mlp-lab train {name}?")
    else:
        fail(f"unknown command {name!r}{nearest(name, COMMANDS)} ({', '.join(COMMANDS)})")
