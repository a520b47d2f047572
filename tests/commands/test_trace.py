"""`mlp-lab trace`: what it understands, refuses, prints and writes."""

import re
import shlex
import sys
import textwrap
from pathlib import Path

import pytest
from lab import MLP_LAB, ROOT, command
from traces import traced

from mlp_lab.commands import main as cli
from mlp_lab.trace.text import WIDTH, markdown

PAGE = (ROOT / "docs" / "trace.md").read_text()


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """A command line in this process."""
    monkeypatch.setattr(sys, "argv", ["mlp-lab", "trace", *words])
    cli.main()


def test_the_example_in_a_process(tmp_path: Path) -> None:
    """Nothing is needed, nothing is written, and it fits a terminal."""
    for program in ([*MLP_LAB, "trace"], [sys.executable, str(ROOT / "scripts" / "trace.py")]):
        done = command([], tmp_path, program)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert "dL/dtheta_11 = 2 dy phi_1 a'(f_1) x = 2 * 2.5 * 2 * 1 * 2    = 20" in lines
        assert "largest disagreement with autograd: 0" in lines
        assert max(map(len, lines)) <= WIDTH
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["foo"], "foo holds no finished run: it has no model.safetensors"),
        (["a", "b"], "one RUN_FOLDER at a time, got a b"),
        (["run", "model=deep"], "run has settings of its own: leave out model=deep"),
        (["y=1"], "y is what the network gives: a row's target is t, as in t=3"),
        (["x=[1,2"], "cannot read 'x=[1,2': do its brackets and commas match?"),
        (["x=[[1],[2,3]]"], "x must be a number, a list of numbers, or a list of equally long"),
        (["x=a"], "x must be a number"),
        (["x=.nan"], "x must be a number"),
        (["x=true"], "x must be a number"),
        (["t=[[1],[2]]"], "x and t must have equally many rows, got 1 and 2"),
        (["loss=bce", "t=3"], "t must be in [0, 1] with loss=bce, got [[3.0]]"),
        (
            ["loss=cce", "t=[1,1]"],
            "each row of t must be probabilities that sum to 1 with loss=cce",
        ),
        (["loss=bce", "model.output=linear"], "loss=bce does not fit model.output=linear"),
        (["Omega_0=3"], "Omega_0 must be 1 row of 2 numbers, got [[3.0]]"),
        (["phi_1=[1,2]"], "phi_1 must be 1 row of 1 number, got [[1.0, 2.0]]"),
        (["theta_13=1"], "unknown key 'theta_13': did you mean 'theta_12'? (Omega_0, beta_0, "),
        (["model=dep"], "unknown model 'dep': did you mean 'deep'?"),
        (["model.widht=3"], "unknown key 'model.widht': did you mean 'model.width'?"),
        (["optimizer.lr=1"], "optimizer.lr=1 changes nothing in a trace (it depends on model, "),
        (
            ["modle=deep"],
            "modle=deep changes nothing in a trace: did you mean 'model'? (it depends",
        ),
        (["Omega0=1"], "Omega0=1 changes nothing in a trace: did you mean 'Omega_0'? (it depends"),
        (["loss=mse,mae"], "loss=mse,mae gives several values, and only one can be shown"),
        (["data=iris", "x=[1,2]"], "x must have 4 numbers in a row, got 2"),
        (["--rows", "2"], "--rows=2 needs a data set or a run: say data=iris, or x=[...]"),
        (["--rows", "0", "data=iris"], "--rows must be 1 or more, got 0"),
        (["--entries", "0"], "--entries must be 1 or more, got 0"),
        (["--numbers", "none.yaml"], "cannot use none.yaml: No such file or directory"),
        (["--numbers", "list.yaml"], "list.yaml must hold numbers by name, as in x: 2, got [1]"),
        (["--numbers", "keys.yaml"], "keys.yaml: unknown key 'omega' (x, t, Omega_k, beta_k, "),
        (["--numbers", "bad.yaml"], "bad.yaml is not valid YAML: line 2, column 1: "),
        (["--svg", "none/a.svg"], "cannot use none/a.svg: No such file or directory"),
        (["--bar"], "mlp-lab trace: unknown option --bar (--help says more)"),
    ],
)
def test_what_cannot_be(
    words: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, status 1, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    for name, content in {"list": "[1]", "keys": "omega: 1", "bad": "x: [1"}.items():
        Path(f"{name}.yaml").write_text(content)
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, *words)
    out, error = capsys.readouterr()
    assert (ended.value.code, out) == (1, "")
    assert error.startswith(line), error
    assert error.count("\n") == 1


def test_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each by its option, or all in a folder; the paths are the last lines."""
    monkeypatch.chdir(tmp_path)
    run(monkeypatch, "-o", "a/b", "--latex", "c.tex", "loss=mae")
    written = ["c.tex", "a/b/trace.md", "a/b/trace.tex", "a/b/trace.svg"]
    assert capsys.readouterr().out.splitlines()[-4:] == written
    assert Path("c.tex").read_text() == Path("a/b/trace.tex").read_text()
    assert Path("a/b/trace.md").read_text() == markdown(traced("loss=mae"), 6)


@pytest.mark.parametrize("line", re.findall(r"^    \$ mlp-lab (trace.*)$", PAGE, re.MULTILINE))
def test_the_documentation_shows_what_is_printed(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocks that begin with a command hold its output."""
    words, _, pattern = line.partition(" | grep ")
    run(monkeypatch, *shlex.split(words)[1:])
    printed = capsys.readouterr().out.splitlines()
    kept = [text for text in printed if re.search(pattern.strip("'"), text)]
    assert textwrap.indent("\n".join([f"$ mlp-lab {line}", *kept]), "    ") in PAGE


def test_the_documentation_s_commands(
    iris_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """They work as they are typed, with the page's own file of numbers and a run of ours."""
    monkeypatch.chdir(tmp_path)
    (numbers,) = re.findall(r"((?:^    (?:x|t|Omega_0|phi_1): .*\n){4})", PAGE, re.MULTILINE)
    Path("my.yaml").write_text(textwrap.dedent(numbers))
    lines = re.findall(r"^    mlp-lab trace (.*)$", PAGE, re.MULTILINE)
    assert len(lines) == 10
    for line in lines:
        run(monkeypatch, *shlex.split(re.sub(r"outputs/\S+", str(iris_run), line)))
        assert "largest disagreement with autograd" in capsys.readouterr().out
