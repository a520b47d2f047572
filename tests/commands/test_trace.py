"""`mlp-lab trace`: what it understands, refuses, prints and writes."""

import re
import shlex
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch
from lab import MLP_LAB, ROOT, command
from matplotlib.mathtext import MathTextParser

from mlp_lab.commands import main as cli
from mlp_lab.commands.composing import compose
from mlp_lab.engine.seeds import Stream, torch_generator
from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.losses import COMPATIBLE_LOSSES, LOSSES, OUTPUTS, Objective
from mlp_lab.predictor import load
from mlp_lab.trace.backprop import Network, Trace, trace
from mlp_lab.trace.formulas import ACTIVATION, OUTPUT, ROW_LOSS, SLOPE, Formulas, as_latex
from mlp_lab.trace.inputs import Asked, network_of
from mlp_lab.trace.latex import latex
from mlp_lab.trace.svg import svg
from mlp_lab.trace.text import WIDTH, markdown, text

PAGE = (ROOT / "docs" / "trace.md").read_text()
SVG = "{http://www.w3.org/2000/svg}"


def asked(*words: str, file: str | None = None, rows: int | None = None) -> Network:
    """The network of a command line."""
    return network_of(Asked.of(words, file, rows), compose)


def traced(*words: str) -> Trace:
    """The trace of a command line."""
    return trace(asked(*words))


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


def test_own_numbers() -> None:
    """By tensor, by the course's names, from words; and what the example has stays."""
    network = asked("x=1e-1", "t=-2", "Omega_0=[[3,4]]", "phi_2=7", "model.activation=tanh")
    assert network.x.tolist() == [[0.1]]
    assert network.t.tolist() == [[-2.0]]
    assert [weight[0].tolist() for weight in network.mlp.layers.weights] == [[[3, 4]], [[2], [7]]]
    assert [bias[0].tolist() for bias in network.mlp.layers.biases] == [[[0.5, 1]], [[0.5]]]
    assert network.mlp.activation_names == ["tanh"]


def test_numbers_of_a_file(tmp_path: Path) -> None:
    """A word counts more than the file."""
    path = tmp_path / "numbers.yaml"
    path.write_text("x: [[1, 2], [3, 4]]\nt: [[0], [1]]\nbeta_0: [1, 2, 3]\nphi_1: 5\n")
    network = asked("model.width=3", "phi_1=6", file=str(path))
    assert network.x.tolist() == [[1, 2], [3, 4]]
    assert network.mlp.layers.biases[0][0].tolist() == [[1, 2, 3]]
    assert float(network.mlp.layers.weights[1][0, 0, 0]) == 6


def test_settings() -> None:
    """Sizes follow from the rows, output and loss from each other, weights from the seed."""
    network = asked("model=deep", "model.width=4", "x=[[1,2],[0,1]]", "t=[[1,0,0],[0,1,0]]")
    assert network.sizes == [2, 4, 4, 4, 3]
    assert network.objective == Objective("linear", "mse")
    assert asked("loss=cce").objective == Objective("softmax", "cce")
    assert asked("model.output=sigmoid").objective == Objective("sigmoid", "bce")
    one, other = (asked(f"seed={seed}").mlp.layers.flat for seed in (1, 2))
    assert not one.equal(other)
    assert asked("model=perceptron").sizes == [1, 1]


def test_a_data_set_s_first_rows() -> None:
    """With the very weights that a training would begin with."""
    network = asked("data=iris", "model=shallow", "model.width=5", "seed=3", rows=2)
    assert (network.rows, network.sizes) == (2, [4, 5, 3])
    assert network.columns[0] == "sepal length (cm)"
    drawn = torch.zeros(4, 5).normal_(
        0, (2 / 4) ** 0.5, generator=torch_generator(3, Stream.WEIGHTS)
    )
    assert network.mlp.layers.weights[0][0].equal(drawn.double())


def test_a_saved_run(iris_run: Path, diabetes_run: Path) -> None:
    """Its weights and first training rows; y is what it predicts."""
    for folder, rows in ((iris_run, 3), (diabetes_run, 2)):
        network = asked(str(folder), rows=None if rows == 3 else rows)
        found = trace(network)
        plain = load(folder).network.double()
        assert network.rows == rows
        torch.testing.assert_close(found.value("y"), plain(network.x).detach())
        assert found.worst("autograd")[0] < 1e-12
        assert found.worst("difference")[0] < 1e-7


def test_a_saved_run_on_own_rows(iris_run: Path) -> None:
    """Its data are not needed, then."""
    network = asked(str(iris_run), "x=[[0,0,0,0]]", "t=[[1,0,0]]")
    assert network.x.tolist() == [[0, 0, 0, 0]]


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
        (["loss=cce", "t=[1,1]"], "each row of t must be shares that sum to 1 with loss=cce"),
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
        (["--numbers", "bad.yaml"], "bad.yaml is no YAML: line 1, column "),
        (["--svg", "none/a.svg"], "cannot use none/a.svg: No such file or directory"),
        (["--bar"], "mlp-lab trace: unrecognized arguments: --bar (--help says more)"),
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


LARGE = ("data=digits", "model=deep", "model.width=20", "model.dropout=0.3")


@pytest.mark.parametrize("words", [(), LARGE, ("model=perceptron", "loss=mae"), ("loss=cce",)])
def test_the_terminal_is_80_columns_wide(words: tuple[str, ...]) -> None:
    """Whatever the network; numbers stay apart."""
    lines = text(traced(*words), 6)
    assert max(map(len, lines)) <= WIDTH
    assert all(len(line.split()) >= 2 for line in lines if line.startswith("    dL/d"))


def test_what_is_cut_is_said() -> None:
    """Rows, columns, entries, units and differences."""
    found = traced(*LARGE)
    lines = [line.strip() for line in text(found, 6)]
    assert "… 15 more of 20 columns" in lines
    assert "… 15 more of 20 columns and 58 more of 64 rows" in lines
    assert "… 1,274 more of 1,280 entries" in lines
    assert "differences of dL/dOmega_0: 256 of 1,280 entries" in lines
    assert "without the dropout of 0.3 that training has" in lines
    assert "… 1,274 more of 1,280 entries" in markdown(found, 6)
    assert r"1,274 more of 1,280 entries" in latex(found, 6)
    assert "58 more" in svg(found)
    assert "6 units are drawn of layers with more (64, 20, 20, 20, 10)" in svg(found)


def test_kinks_and_what_is_not_finite_are_said() -> None:
    """In every text."""
    kinked = " ".join(text(traced("theta_01=-2"), 6))
    assert "-10 kink" in kinked
    assert "relu a'(0) = 0" in kinked
    endless = " ".join(text(traced("loss=bce", "phi_0=900", "t=0"), 6))
    assert "not every number is finite" in endless


def test_the_picture() -> None:
    """Every weight of a small network stands on its edge, with its gradient."""
    root = ET.fromstring(svg(traced("theta_12=-1.25")))  # noqa: S314 (our own)
    words = [span.text for span in root.iter(f"{SVG}tspan")]
    for value in ("-1.25", "20", "12.5", "f = 2.5", "y = 5.5", "t = 3", "6.25", "dL/dy 5"):
        assert value in words
    assert len(root.findall(f"{SVG}circle")) == 1 + 2 + 1 + 1
    assert len(root.findall(f"{SVG}line")) == 2 + 2 + 1
    assert root.findall(f"{SVG}rect")[0].get("fill") == "white"


def test_every_choice_has_a_formula() -> None:
    """Of activations, outputs and losses."""
    assert ACTIVATION.keys() == ACTIVATIONS.keys()
    assert OUTPUT.keys() == OUTPUTS.keys()
    assert ROW_LOSS.keys() == SLOPE.keys() == LOSSES.keys()


def test_formulas_are_latex() -> None:
    """matplotlib, which reads a part of LaTeX, reads them all."""
    parser = MathTextParser("path")
    pairs = {
        (output, loss)
        for fits in COMPATIBLE_LOSSES.values()
        for output in fits
        for loss in fits[output]
    }
    for output, loss in sorted(pairs):
        for rows, outputs in ((1, 1), (2, 3)):
            sizes, names = [1, *[2] * len(ACTIVATION), outputs], list(ACTIVATION)
            formulas = Formulas.of(sizes, names, Objective(output, loss), rows)
            found = [formulas.output(), formulas.loss(), formulas.weighted().loss()]
            for k in range(len(names) + 1):
                for of in (f"f_{k}", f"beta_{k}", f"Omega_{k}", *[f"h_{k}"] * (k > 0), "y"):
                    found += [formulas.gradient(of), formulas.chain(of), f"dL/d{of}[1, 2]"]
                found += [formulas.pre_activation(k), *[formulas.hidden(k)] * (k > 0)]
            for formula in found:
                if formula:
                    parser.parse(f"${as_latex(formula)}$")


def test_the_chain_of_factors() -> None:
    """From dL/df of the last layer on."""
    formulas = Formulas.of([1, 2, 2, 1], ["relu", "relu"], Objective("linear", "mse"), 4)
    chain = "x^T ((dL/df_2 Omega_2^T * a'(f_1)) Omega_1^T * a'(f_0))"
    assert formulas.chain("Omega_0") == chain
    assert formulas.chain("h_1") == "(dL/df_2 Omega_2^T * a'(f_1)) Omega_1^T"
    assert formulas.chain("beta_2") == ""
    assert formulas.gradient("y") == "2 (y - t) / B"
    assert as_latex("dL/dOmega_0") == r"\frac{\partial L}{\partial \Omega_{0}}"
    assert as_latex("dL/df_0[1, 2]") == r"\frac{\partial L}{\partial (f_{0})_{1, 2}}"


def test_the_document_is_balanced() -> None:
    """Every environment that begins ends, and no sign of LaTeX's stands bare in words."""
    document = latex(traced("data=iris", "model=shallow", "model.width=2"), 4)
    for name in ("document", "align*", "longtable", "pmatrix", "itemize"):
        begun = document.count(rf"\begin{{{name}}}")
        assert begun == document.count(rf"\end{{{name}}}") > 0
    assert "petal length" in document
    assert r"\odot$ is elementwise" in document
    assert not re.search(
        r"[_*>]|dL/", re.sub(r"\$[^$]*\$|\\_", "", document.split(r"\section*")[0])
    )


def test_words_call_quantities_what_formulas_do() -> None:
    """Markdown and LaTeX; what a table calls its columns stays as it is."""
    found = trace(replace(asked("loss=mse"), columns=["beta_blocker"]))
    reading = r"$\theta_{ij}$ leads from input i to unit j and $\theta_{0j}$ is the unit's bias"
    for written in (markdown(found, 6), latex(found, 6)):
        assert r"$\odot$ is elementwise" in written
        assert reading in written
        assert r"at $\frac{\partial L}{\partial (h_{1})_{1, 2}}$" in written
        assert "beta_blocker" in written.replace(r"\_", "_")
        assert r"\beta_{blocker}" not in written


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
    assert len(lines) == 6
    for line in lines:
        run(monkeypatch, *shlex.split(re.sub(r"outputs/\S+", str(iris_run), line)))
        assert "largest disagreement with autograd" in capsys.readouterr().out
