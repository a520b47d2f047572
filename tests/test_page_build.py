"""The page that is kept is what `frontend/` builds; its translations have all of its texts."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lab import ROOT

FRONTEND = ROOT / "frontend"
PAGE = ROOT / "src" / "mlp_lab" / "play" / "page"
CHARTS = ROOT / "src" / "mlp_lab" / "report" / "templates" / "charts.js"
MODULES = FRONTEND / "node_modules"

SOURCES = FRONTEND / "src"
ENTRY = re.compile(r'^  (\w+): "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
EXAMPLE = re.compile(r'^    title: "([^"]+)",$', re.MULTILINE)
TRANSLATED = re.compile(r'^  "?([^"\n]+?)"?: \[', re.MULTILINE)


@pytest.mark.skipif(not MODULES.is_dir(), reason="needs `npm install` in frontend/")
def test_the_page_is_built_from_its_sources(tmp_path: Path) -> None:
    """Byte for byte, by the versions that package.json names."""
    node = shutil.which("node")
    assert node is not None
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=FRONTEND, check=True)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built.pop(CHARTS.name) == CHARTS.read_bytes()
    assert built == {path.name: path.read_bytes() for path in PAGE.iterdir()}


def test_a_script_within_a_page_does_not_end_it() -> None:
    """Its text stands between tags, and names nothing that is elsewhere."""
    text = CHARTS.read_text("utf-8")
    assert "</script" not in text
    assert "<!--" not in text
    assert "https://" not in text.partition("*/")[2]
    assert len(text) < 70_000


def test_versions_are_exact() -> None:
    """Else the same sources would build another page; no file names a registry."""
    text = (FRONTEND / "package.json").read_text()
    assert "^" not in text
    assert "~" not in text
    assert (
        not (FRONTEND / "package-lock.json").exists()
        or "://" not in (FRONTEND / "package-lock.json").read_text()
    )


def texts(name: str) -> dict[str, str]:
    """Key -> text of a file."""
    return dict(ENTRY.findall((SOURCES / name).read_text("utf-8")))


@pytest.mark.parametrize("name", ["messages_de.ts", "messages_it.ts"])
def test_a_translation_is_whole(name: str) -> None:
    """It has each text, and names in braces are those of the English one."""
    english, translated = texts("messages.ts"), texts(name)
    assert len(english) > 100
    assert translated.keys() == english.keys()
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", translated[key])) == set(re.findall(r"{\w+}", text)), key


@pytest.mark.parametrize("name", ["messages_de.ts", "messages_it.ts"])
def test_examples_are_translated(name: str) -> None:
    """Each with its question."""
    titles = EXAMPLE.findall((SOURCES / "messages.ts").read_text("utf-8"))
    found = (SOURCES / name).read_text("utf-8").partition("_EXAMPLES")[2]
    assert len(titles) > 7
    assert TRANSLATED.findall(found) == titles
