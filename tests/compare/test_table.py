"""Tables for other programs."""

from compared import TABLE, grid, run

from mlp_lab.compare.ranking import rank
from mlp_lab.compare.table import csv_table, escaped, latex_table


def test_latex() -> None:
    """Special letters are escaped."""
    assert escaped("a_b%{c}") == r"a\_b\%\{c\}"
    assert escaped("[4,2]<") == r"{[}4,2{]}\textless{}"  # no height of the row before
    lines = latex_table(rank(grid(TABLE), "metric")).splitlines()
    assert lines[2] == r"model.width & val accuracy & s.e. & runs & parameters \\"
    assert lines[4].startswith("16 & 0.9133 & 0.012 & 3 & 160")


def test_lists_and_signs_in_latex() -> None:
    """A row that begins with a bracket is no height of the one before."""
    records = [run({"model.activation": v}, 0, 0.5) for v in ("leaky_relu", "[tanh,relu]")]
    lines = latex_table(rank(records, "metric")).splitlines()
    assert [line.partition(" &")[0] for line in lines[4:6]] == [r"leaky\_relu", "{[}tanh,relu{]}"]
    assert lines[0] == r"\begin{tabular}{lrrrr}"


def test_a_row_for_each_run() -> None:
    """Settings before replicates; what failed has no scores."""
    failed = run({"model.width": "2"}, 0, 0.0, status="failed")
    del failed.result["train"], failed.result["val"]
    lines = csv_table([*grid({"4": [0.6, 0.7]}), failed]).splitlines()
    assert lines[0].startswith("folder,model.width,seed,val_loss,val_accuracy,train_loss,")
    assert len(lines) == 4
    assert lines[3].split(",")[1:5] == ["2", "0", "", ""]
    assert lines[3].split(",")[-2:] == ["failed", ""]
