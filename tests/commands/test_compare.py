"""`mlp-lab compare` in a process of its own."""

import shlex
import sys
from html import unescape
from pathlib import Path

from lab import MLP_LAB, command


def test_compare_on_the_command_line(swept: Path, tmp_path: Path) -> None:
    """The same ranking from the folders; one line for what cannot be compared."""
    words = ["compare", str(swept), str(swept / "3"), "-o", "out", "--latex", "t.tex"]
    done = command(words, tmp_path, MLP_LAB)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "t.tex").is_file()
    page = unescape((tmp_path / "out" / "summary.html").read_text())
    again = ["mlp-lab", *words[:3], "--select=metric", *words[3:]]
    assert shlex.join(again) in page
    assert (tmp_path / "out" / "summary.csv").read_text() == (swept / "summary.csv").read_text()
    (tmp_path / "begun" / "0").mkdir(parents=True)
    (tmp_path / "begun" / "0" / "config.yaml").touch()
    for words, line in (
        (["begun"], "begun/0/config.yaml is not a run's configuration: it holds no settings"),
        ([str(swept), "--latex", "nowhere/t"], "--latex must be a file in a folder that exists"),
        (["nowhere"], "no such folder: 'nowhere'"),
        (["out"], "out holds no run: there is no config.yaml in it"),
        ([], "mlp-lab compare: missing: FOLDER"),
    ):
        done = command(["compare", *words], tmp_path, MLP_LAB)
        assert done.returncode == 1
        assert done.stderr.startswith(line)
        assert len(done.stderr.splitlines()) == 1


def test_help_is_light(tmp_path: Path) -> None:
    """Nothing slow is loaded to say what there is."""
    code = (
        "import sys, mlp_lab.commands.compare;"
        "print({'torch', 'pandas', 'matplotlib', 'jinja2', 'scipy'} & {*sys.modules})"
    )
    done = command(["-c", code], tmp_path, [sys.executable])
    assert (done.stdout, done.stderr) == ("set()\n", "")
