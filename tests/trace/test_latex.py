"""The document for LaTeX, and words beside formulas."""

import re
from dataclasses import replace

from traces import network_of, traced

from mlp_lab.trace.backprop import trace
from mlp_lab.trace.latex import latex
from mlp_lab.trace.text import markdown


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
    found = trace(replace(network_of("loss=mse"), columns=["beta_blocker"]))
    reading = r"$\theta_{ij}$ leads from input i to unit j and $\theta_{0j}$ is the unit's bias"
    for written in (markdown(found, 6), latex(found, 6)):
        assert r"$\odot$ is elementwise" in written
        assert reading in written
        assert r"at $\frac{\partial L}{\partial (h_{1})_{1, 2}}$" in written
        assert "beta_blocker" in written.replace(r"\_", "_")
        assert r"\beta_{blocker}" not in written
