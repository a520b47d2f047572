"""What is said, and done, before the first network that the compiled kernel trains."""

from io import StringIO
from pathlib import Path

import pytest
import torch
from lab import configure, prepared_dataset, values_of

from mlp_lab.engine import kernel
from mlp_lab.runs import compiling
from mlp_lab.runs.compiling import WORDS, await_kernel
from mlp_lab.runs.job import Job
from mlp_lab.runs.member import Run
from mlp_lab.terminal import Screen


class Terminal(StringIO):
    """A file that says it is one."""

    def isatty(self) -> bool:
        """Somebody reads it."""
        return True


@pytest.mark.parametrize(
    ("file", "words", "quiet", "said"),
    [
        (Terminal(), ["kernel=auto"], False, True),
        (Terminal(), ["kernel=auto"], True, False),
        (StringIO(), ["kernel=native"], False, False),
        (Terminal(), ["kernel=torch"], False, None),
        (Terminal(), ["kernel=auto", "gradient=autograd"], False, None),
    ],
)
def test_it_is_compiled_once_and_said_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
    file: StringIO,
    words: list[str],
    quiet: bool,
    said: bool | None,
) -> None:
    """None: nothing is compiled, since torch computes."""
    built: list[str] = []
    monkeypatch.setattr(kernel, "to_be_built", lambda dtype: not built)
    monkeypatch.setattr(compiling, "takes_kernel", lambda shared, name: built.append(name))
    prepared, dataset = prepared_dataset("data=iris")
    config = configure("data=iris", *words)
    run = Run.fresh(Job(config, values_of("data=iris"), Path(), []), prepared, dataset)
    for _ in range(2):
        await_kernel(run, torch.device("cpu"), Screen(file, 100), quiet=quiet)
    assert built == ([] if said is None else ["adam"])
    assert (WORDS in file.getvalue()) == bool(said)
