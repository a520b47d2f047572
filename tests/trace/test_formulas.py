"""Every formula, in the terminal's notation and in LaTeX's."""

from matplotlib.mathtext import MathTextParser
from objectives import objective_of

from mlp_lab.network.activations import ACTIVATIONS
from mlp_lab.network.losses import COMPATIBLE_LOSSES, LOSSES, OUTPUTS, Objective
from mlp_lab.trace.formulas import ACTIVATION, OUTPUT, ROW_LOSS, SLOPE, Formulas, as_latex


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
    found = set[str | None]()  # most of them are those of every output and loss
    for output, loss in sorted(pairs):
        for rows, outputs in ((1, 1), (2, 3)):
            sizes, names = [1, *[2] * len(ACTIVATION), outputs], list(ACTIVATION)
            formulas = Formulas.of(sizes, names, objective_of(output, loss), rows)
            found |= {formulas.output(), formulas.loss(), formulas.weighted().loss()}
            for k in range(len(names) + 1):
                for of in (f"f_{k}", f"beta_{k}", f"Omega_{k}", *[f"h_{k}"] * (k > 0), "y"):
                    found |= {formulas.gradient(of), formulas.chain(of), f"dL/d{of}[1, 2]"}
                found |= {formulas.pre_activation(k), *[formulas.hidden(k)] * (k > 0)}
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
