r"""A trace as a LaTeX document (amsmath, booktabs, longtable); its parts can be copied out."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mlp_lab.formatting import LATEX_LETTERS
from mlp_lab.trace.course import Equation, number, sections
from mlp_lab.trace.formulas import as_latex, in_prose
from mlp_lab.trace.quantities import Gradient, Quantity, Trace
from mlp_lab.trace.text import (
    BESIDE,
    HEADINGS,
    checks,
    columns_of,
    cut,
    entries_of,
    missing_entries,
    missing_equations,
    title,
)

BEGIN = r"""\documentclass{article}
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath,booktabs,longtable}
\allowdisplaybreaks
\begin{document}
"""

CIRCLE, DOT = r"\odot", r"\cdot"
"""Between tensors, and between numbers."""

SPECIAL = str.maketrans(LATEX_LETTERS | {"…": r"\ldots{}"})


def latex(trace: Trace, most: int) -> str:
    """The whole document."""
    parts = [BEGIN, *(f"{in_prose(line, plain)}\n" for line in title(trace))]
    parts += [*(f"{plain(line)}\n" for line in columns_of(trace)), r"\section*{Forward pass}"]
    parts += [_aligned([_quantity(quantity, most) for quantity in trace.forward])]
    parts.append(r"\section*{Backward pass}")
    for gradient in trace.backward:
        parts.append(_aligned([_equation(gradient.name, gradient.formulas)]))
        parts.append(_entries(trace, gradient, most))
    for section in sections(trace):
        parts.append(rf"\section*{{{plain(section.heading)}}}")
        parts.append(f"{in_prose(section.meaning, plain)}.")
        parts += [_equations(group, most) for group in section.groups]
    parts += [r"\section*{Checks}", r"\begin{itemize}"]
    parts += [rf"\item {in_prose(line, plain)}" for line in checks(trace)]
    return "\n".join([*parts, r"\end{itemize}", r"\end{document}", ""])


def _equations(group: Sequence[Equation], most: int) -> str:
    """The first equations of a group, and how many more there are."""
    rows = [
        _equation(each.name, [each.words])
        + f" = {as_latex(each.product).replace(CIRCLE, DOT)} = {number(each.value)}"
        for each in group[:most]
    ]
    missing = missing_equations(group, most)
    return _aligned(rows) + (f"\n\\ldots{{}} {missing}" if missing else "")


def plain(words: str) -> str:
    """Words outside mathematics."""
    return words.translate(SPECIAL)


def _aligned(rows: list[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _equation(name: str, formulas: list[str]) -> str:
    return f"{as_latex(name)} &= " + " = ".join(as_latex(formula) for formula in formulas)


def _quantity(quantity: Quantity, most: int) -> str:
    value = matrix(quantity.value, most)
    if quantity.formula:
        return f"{_equation(quantity.name, [quantity.formula])} = {value}"
    return f"{as_latex(quantity.name)} &= {value}"


def matrix(value: Tensor, most: int) -> str:
    """A matrix with dots for what is cut; a single number as it is."""
    shown, _ = cut(value, most, BESIDE)
    if value.numel() == 1:
        return shown[0][0]
    rows = [" & ".join(entry.replace("…", r"\cdots") for entry in row) for row in shown]
    if len(value) > most:
        rows.append(" & ".join([r"\vdots"] * len(shown[0])))
    return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"


def _entries(trace: Trace, gradient: Gradient, most: int) -> str:
    lines = [r"\begin{longtable}{lrrr}", r"\toprule", f"entry & {' & '.join(HEADINGS)} \\\\"]
    lines.append(r"\midrule")
    for name, *values in entries_of(trace, gradient, most):
        lines.append(f"${as_latex(name)}$ & {' & '.join(values)} \\\\[1ex]")
    if missing := missing_entries(gradient, most):
        lines.append(f"\\ldots{{}} {missing} & & & \\\\")
    return "\n".join([*lines, r"\bottomrule", r"\end{longtable}"])
