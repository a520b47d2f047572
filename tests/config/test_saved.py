"""The configuration in a run folder, as plain data."""

from pathlib import Path

import pytest
from lab import values_of

from mlp_lab.config.saved import saved_settings, saved_values
from mlp_lab.errors import UserError
from mlp_lab.runs.folder import write_config


def test_a_kept_configuration(tmp_path: Path) -> None:
    """As it was, without what Hydra reads in it."""
    write_config(tmp_path, values_of("data=iris"))
    assert "defaults:" in (tmp_path / "config.yaml").read_text()
    assert saved_values(tmp_path) == values_of("data=iris")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hydra: {}", "unknown key 'hydra'"),
        ("seed: -1", "seed must be 0 or more, got -1"),
        ("seed: ${oc.env:HOME}", "seed must be a whole number, got '${oc.env:HOME}'"),
        ("resume: 3", "resume must be text or null, got 3"),
        ("seed: &x 3", r"must have no anchors \(&\) and aliases \(\*\): line \d+"),
        ("seed: 2020-01-01", "holds a date: neither text nor number"),
        ("seed: 0x" + "f" * 5000, "holds a number of more than 300 digits"),
    ],
)
def test_a_changed_configuration(line: str, words: str, tmp_path: Path) -> None:
    """The file is named, and the key."""
    write_config(tmp_path, values_of("data=iris"))
    path, key = tmp_path / "config.yaml", line.partition(":")[0]
    lines = [kept for kept in path.read_text().splitlines() if not kept.startswith(f"{key}:")]
    path.write_text("\n".join([*lines, line]))
    words = words.replace("${oc.env:HOME}", r"\$\{oc.env:HOME\}")
    with pytest.raises(UserError, match=f"^{path}:? {words}"):
        saved_values(tmp_path)


def test_what_looks_up_nothing(tmp_path: Path) -> None:
    """What Hydra would take for a reference is text."""
    values = {**values_of("data=iris"), "name": "${oc.env:HOME}"}
    write_config(tmp_path, values)
    assert saved_settings(tmp_path / "config.yaml")["name"] == "${oc.env:HOME}"
