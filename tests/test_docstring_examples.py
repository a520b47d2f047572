"""What a docstring shows is what happens."""

import doctest
from importlib import import_module

import pytest
from lab import ROOT

SOURCES = ROOT / "src"
WITH_EXAMPLES = [
    ".".join(path.relative_to(SOURCES).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCES.rglob("*.py"))
    if ">>> " in path.read_text()
]
FEWEST = 10
"""Names that one meets first."""


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples(module: str) -> None:
    """Each prints what stands below it."""
    outcome = doctest.testmod(import_module(module))
    assert outcome.attempted
    assert not outcome.failed


def test_there_are_examples() -> None:
    """Of names in several rooms."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {
        example.name
        for module in WITH_EXAMPLES
        for example in finder.find(import_module(module))
        if example.examples
    }
    assert len(found) >= FEWEST, found
