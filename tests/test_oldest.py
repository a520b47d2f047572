"""The oldest releases that are tested are the oldest that are allowed."""

import tomllib

from lab import ROOT
from packaging.requirements import Requirement
from packaging.version import Version

UNTESTED = "the oldest builds of torch come with gigabytes for CUDA"

DEVELOPERS = ("test", "docs", "notebook", "bench")
"""Extras whose tools are the newest in both environments."""


def floors() -> dict[str, Version]:
    """The lowest version of each dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    texts = [text for name, extra in extras.items() if name not in DEVELOPERS for text in extra]
    wanted = [Requirement(text) for text in [*project["dependencies"], *texts]]
    return {
        need.name: Version(part.version)
        for need in wanted
        for part in need.specifier
        if part.operator == ">="
    }


def test_each_floor_is_a_pin() -> None:
    """Of `constraints/oldest.txt`."""
    lines = (ROOT / "constraints" / "oldest.txt").read_text().splitlines()
    pins = {need.name: next(iter(need.specifier)).version for need in map(_pin, lines) if need}
    lowest = floors().items()
    assert [name for name, floor in lowest if Version(pins[name]) != floor] == ["torch"], UNTESTED


def _pin(line: str) -> Requirement | None:
    text = line.partition("#")[0].strip()
    return Requirement(text) if text else None
