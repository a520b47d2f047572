r"""Every formula of both passes, in one notation that a terminal shows and LaTeX translates.

`*` is elementwise, a blank is a product of matrices, `^T` a transpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mlp_lab.network.activations import ACTIVATIONS, LEAK
from mlp_lab.network.embedding_plan import EmbeddingPlan
from mlp_lab.network.losses import Objective

ACTIVATION: dict[str, str] = {
    "relu": "max({f}, 0)",
    "leaky_relu": f"max({{f}}, {LEAK:g} {{f}})",
    "elu": "max({f}, 0) + exp(min({f}, 0)) - 1",
    "tanh": "tanh({f})",
    "sigmoid": "1 / (1 + exp(-{f}))",
    "gelu": "{f} * Phi({f})",
    "silu": "{f} * sigmoid({f})",
    "glu": "{u} * sigmoid({v})",
    "reglu": "{u} * max({v}, 0)",
    "geglu": "{u} * {v} * Phi({v})",
    "swiglu": "{u} * {v} * sigmoid({v})",
}

OUTPUT: dict[str, str] = {
    "linear": "{f}",
    "sigmoid": "sigmoid({f})",
    "softmax": "exp({f}) / sum_c exp({f}_c)",
    "exponential": "exp({f})",
    "ordinal": "sigmoid(-{f}) * prod_before sigmoid({f})",
}

PULLBACK: dict[str, str] = {
    "linear": "dL/dy",
    "sigmoid": "dL/dy * y * (1 - y)",
    "softmax": "y * (dL/dy - sum_c dL/dy_c y_c)",
    "exponential": "dL/dy * y",
    "ordinal": "sigmoid(-f) * sum_beyond dL/dy_c y_c - sigmoid(f) * dL/dy * y",
}
"""dL/df of the last layer from dL/dy."""

ROW_LOSS: dict[str, str] = {
    "mse": "(y - t)^2",
    "mae": "|y - t|",
    "huber": "min(|y - t|, delta) (|y - t| - min(|y - t|, delta) / 2)",
    "quantile": "q max(t - y, 0) + (1 - q) max(y - t, 0)",
    "poisson": "y - t log(y) - (t - t log(t))",
    "bce": "-t log(y) - (1 - t) log(1 - y)",
    "cce": "-sum_c t_c log(y_c)",
    "ordinal": "-sum_c t_c log(y_c)",
    "focal": "-t (1 - y)^gamma log(y) - (1 - t) y^gamma log(1 - y)",
}

SLOPE: dict[str, str] = {
    "mse": "2 (y - t)",
    "mae": "sign(y - t)",
    "huber": "min(max(y - t, -delta), delta)",
    "quantile": "(sign(y - t) / 2 + 1 / 2 - q)",
    "poisson": "(1 - t / y)",
    "bce": "(y - t) / (y (1 - y))",
    "cce": "-t / y",
    "ordinal": "-t / y",
    "focal": "(t (1 - y)^gamma (gamma log(y) / (1 - y) - 1 / y)"
    " - (1 - t) y^gamma (gamma log(1 - y) / y - 1 / (1 - y)))",
}
"""dL/dy of one row and one output."""

OF_SOFTMAX = {
    "focal": (
        "-sum_c t_c (1 - y_c)^gamma log(y_c)",
        "t (1 - y)^gamma (gamma log(y) / (1 - y) - 1 / y)",
    )
}
"""ROW_LOSS and SLOPE of losses that are others beside a softmax."""

CANCELLED = {"bce": "(y - t)", "cce": "(y - t)", "poisson": "(y - t)"}
"""dL/df of the last layer where the output's slope cancels."""

LETTERS = {"delta": "delta", "quantile": "q", "gamma": "gamma"}
"""What the formulas call the numbers of losses."""


@dataclass(frozen=True, slots=True)
class Formulas:
    """Every formula of one network."""

    activations: Sequence[str]
    objective: Objective
    rows: int
    averaged: bool
    """Whether the loss is a mean over several outputs."""
    row_weight: bool = False
    normalisation: str = "none"
    residual: bool = False
    plan: EmbeddingPlan | None = None
    """What becomes of the inputs before the first layer reads them, if anything does."""

    @classmethod
    def of(
        cls, sizes: Sequence[int], activations: Sequence[str], objective: Objective, rows: int
    ) -> Formulas:
        """The formulas of a network by its layers' sizes."""
        return cls(activations, objective, rows, sizes[-1] > 1 and not objective.function.summed)

    def behind(self, plan: EmbeddingPlan | None, normalisation: str, *, residual: bool) -> Formulas:
        """Of layers that read embedded inputs, are normalised, or add what they read."""
        return replace(self, plan=plan, normalisation=normalisation, residual=residual)

    def weighted(self) -> Formulas:
        """With a weight w of each row."""
        return replace(self, row_weight=True)

    @property
    def _depth(self) -> int:
        return len(self.activations)

    @property
    def _loss_weight(self) -> str:
        """What an entry of y counts in L, as text behind a factor."""
        below = ["B"] * (self.rows > 1) + ["C"] * self.averaged
        factor = " * w" if self.row_weight else ""
        return factor + {0: "", 1: f" / {''.join(below)}", 2: " / (B C)"}[len(below)]

    @property
    def _of_loss(self) -> tuple[str, str]:
        """The loss of a row, and its slope by y."""
        loss = self.objective.loss
        if self.objective.output == "softmax" and loss in OF_SOFTMAX:
            return OF_SOFTMAX[loss]
        return ROW_LOSS[loss], SLOPE[loss]

    def pre_activation(self, k: int) -> str:
        """f_k."""
        halves = "" if self._normalised else self._halves(k)
        return f"{halves}beta_{k} + {self._read(k)} Omega_{k}"

    def normalised(self, k: int) -> tuple[str, str]:
        """n_k and g_k, what the activation of a normalised layer reads."""
        over = {"layer": "units", "batch": "rows"}[self.normalisation]
        n = f"(f_{k} - mean over {over} of f_{k}) / s_{k}"
        return n, f"{self._halves(k)}shift_{k} + gain_{k} * n_{k}"

    def embedded(self) -> str:
        """e, part by part."""
        assert self.plan is not None
        parts = [*["x"] * bool(self.plan.rest), *self.plan.kinds]
        parts += ["categories"] * bool(self.plan.categories)
        return f"[{', '.join(part if part == 'x' else f'{part}(x)' for part in parts)}]"

    @property
    def _normalised(self) -> bool:
        return self.normalisation != "none"

    @property
    def _plain(self) -> bool:
        """Whether each layer is a product and an activation, so that the chain rule is one line."""
        return not (self._normalised or self.residual)

    def _read(self, k: int) -> str:
        """What layer k reads: x, what an embedding makes of it, or hidden units."""
        if k == 0:
            return "x" if self.plan is None else "e"
        return f"h_{k}"

    def _halves(self, k: int) -> str:
        return f"[u_{k}, v_{k}] = " if self._gated(k) else ""

    def _gated(self, k: int) -> bool:
        """Whether f_k are two numbers of each unit."""
        return k < self._depth and ACTIVATIONS[self.activations[k]].parts > 1

    def _times_slope(self, k: int, of_h: str) -> str:
        """dL/df_k from dL/dh_{k + 1}, or dL/dg_k where it is normalised."""
        letter = "g" if self._normalised else "f"
        return f"{of_h}{' [I, I]' * self._gated(k)} * a'({letter}_{k})"

    def hidden(self, k: int) -> str:
        """h_k."""
        names = {letter: f"{letter}_{k - 1}" for letter in "fuv"}
        if self._normalised:
            names["f"] = f"g_{k - 1}"
        added = f"h_{k - 1} + " if self.residual and k > 1 else ""
        return added + ACTIVATION[self.activations[k - 1]].format(**names)

    def output(self) -> str:
        """The last layer's o(f)."""
        return OUTPUT[self.objective.output].format(f=f"f_{self._depth}")

    def loss(self) -> str:
        """L."""
        row = self._of_loss[0]
        over = ["rows"] * (self.rows > 1) + ["outputs"] * self.averaged
        weight = "w * " if self.row_weight else ""
        if not over:
            return weight + (f"({row})" if weight and row.startswith("-") else row)
        return f"mean over {' and '.join(over)} of {weight}{f'({row})' if weight else row}"

    def gradient(self, of: str) -> str:
        """dL/d`of` from the gradient before it."""
        symbol, _, layer = of.partition("_")
        if symbol in ("piecewise", "periodic", "category"):
            return self._summed(OF_EMBEDDING.get(of, "x^T dL/de"))
        k = int(layer or 0)
        if symbol == "f":
            return self._of_pre_activation(k)
        beside = f" + dL/dh_{k + 1}" if self.residual and k < self._depth else ""
        return {
            "y": self._of_loss[1] + self._loss_weight,
            "h": f"dL/df_{k} Omega_{k}^T{beside}",
            "g": self._times_slope(k, f"dL/dh_{k + 1}") if k < self._depth else "",
            "gain": self._summed(f"{ROWS}dL/dg_{k} * n_{k}"),
            "shift": self._summed(f"{ROWS}dL/dg_{k}"),
            "beta": self._summed(f"{ROWS}dL/df_{k}"),
            "Omega": f"{self._read(k)}^T dL/df_{k}",
            "e": "dL/df_0 Omega_0^T",
        }[symbol]

    def _of_pre_activation(self, k: int) -> str:
        """dL/df_k."""
        if k == self._depth:
            return self._last()
        return self._before(k) if self._normalised else self._times_slope(k, f"dL/dh_{k + 1}")

    def _summed(self, formula: str) -> str:
        """Without a sum over rows where there is one."""
        return formula if self.rows > 1 else formula.replace(ROWS, "")

    def _before(self, k: int) -> str:
        """dL/df_k of a normalised layer, from dL/dg_k."""
        d, n = f"dL/dg_{k}", f"n_{k}"
        if self.normalisation == "layer":
            d = f"(gain_{k} * {d})"
            return f"({d} - mean over units of {d} - {n} * mean over units of ({d} * {n})) / s_{k}"
        if self.rows == 1:
            return f"gain_{k} * {d} / s_{k}"
        inner = f"{d} - mean over rows of {d} - {n} * mean over rows of ({d} * {n})"
        return f"gain_{k} * ({inner}) / s_{k}"

    def _last(self) -> str:
        """dL/df of the last layer."""
        pulled = PULLBACK[self.objective.output]
        if self.objective.loss in CANCELLED:
            return f"{pulled} = {CANCELLED[self.objective.loss]}{self._loss_weight}"
        return pulled

    def chain(self, of: str) -> str:
        """dL/d`of` with all factors from dL/df of the last layer on; empty if there are no more."""
        symbol, _, layer = of.partition("_")
        if symbol not in ("f", "h", "beta", "Omega") or not self._plain:
            return ""
        k, last = int(layer), self._depth
        if k == last or (symbol == "h" and k == last):
            return ""
        factors = f"dL/df_{last}"
        for j in range(last, k if symbol != "h" else k - 1, -1):
            product = f"{factors} Omega_{j}^T"
            if symbol == "h" and j == k:
                return product
            factors = f"({self._times_slope(j - 1, product)})"
        if symbol == "f":
            return factors[1:-1]
        if symbol == "beta":
            return f"sum over rows of {factors}" if self.rows > 1 else factors[1:-1]
        return f"{self._read(k)}^T {factors}"


ROWS = "sum over rows of "

OF_EMBEDDING = {
    "piecewise_weight": "[x, P(x)]^T dL/de",
    "piecewise_bias": f"{ROWS}dL/de",
    "periodic_frequency": f"{ROWS}2 pi x * (cos * dL/dsin - sin * dL/dcos)",
    "periodic_weight": "[cos, sin]^T dL/dr",
    "periodic_bias": f"{ROWS}dL/dr",
}
"""Gradient of what is learnt of each number, from its own part of dL/de."""


SYMBOLS = {"Omega": r"\Omega", "beta": r"\beta", "theta": r"\theta", "phi": r"\phi"}
SYMBOLS |= {"psi": r"\psi", "Phi": r"\Phi"}
SYMBOLS |= {"delta": r"\delta", "gamma": r"\gamma", "pi": r"\pi"}
SYMBOLS |= {name: rf"\mathrm{{{name}}}" for name in ("gain", "shift", "piecewise", "periodic")}
SYMBOLS |= {name: rf"\mathrm{{{name}}}" for name in ("category", "categories")}
FUNCTIONS = {
    **{name: rf"\{name}" for name in ("exp", "log", "max", "min", "tanh", "cos", "sin")},
    **{name: rf"\mathrm{{{name}}}" for name in ("sigmoid", "sign")},
}
TOKEN = re.compile(
    r"dL/d(?P<by>[A-Za-z]+(?:_\w+)?(?:\[[\d, ]+\])?)|sum_c|sum_beyond|prod_before"
    r"|sum over rows of|mean over [a-z ]+ of"
    r"|(?P<name>[A-Za-z]+)(?:_(?P<index>\w+))?(?:\[(?P<place>[\d, ]+)\])?|\^T| \* |."
)


def as_latex(formula: str) -> str:
    r"""A formula or a name of this module in LaTeX's mathematics.

    Examples:
        >>> as_latex("h_1^T dL/df_1")
        'h_{1}^{\\top} \\frac{\\partial L}{\\partial f_{1}}'
    """
    return "".join(_token(found) for found in TOKEN.finditer(formula))


IN_PROSE = re.compile(
    r"(?:dL/d[A-Za-z]+(?:_\w+)?|\b(?:theta|phi|psi|beta|Omega|[fhuv]'?)_\w+)(?:\[[\d, ]+\])?"
    r"|->|(?<= )\*(?= )"
)
SIGNS = {"->": r"\to", "*": r"\odot"}


def in_prose(words: str, plain: Callable[[str], str] = str) -> str:
    r"""Words in which names and signs of the formulas stand between dollar signs.

    `plain` writes what lies between them.

    Examples:
        >>> in_prose("phi_j leads from unit j to y")
        '$\\phi_{j}$ leads from unit j to y'
    """
    parts, end = [], 0
    for found in IN_PROSE.finditer(words):
        sign = SIGNS.get(found.group()) or as_latex(found.group())
        parts += [plain(words[end : found.start()]), f"${sign}$"]
        end = found.end()
    return "".join([*parts, plain(words[end:])])


WORDS = {"sum_c": r"\sum_{c}", "sum_beyond": r"\sum_{c>k}", "prod_before": r"\prod_{j<k}"}
WORDS |= {"sum over rows of": r"\sum_{b}", "^T": r"^{\top}", " * ": r" \odot "}


def _token(found: re.Match[str]) -> str:
    text = found.group()
    if text in WORDS:
        return WORDS[text]
    if text.startswith("mean over"):
        return rf"\mathrm{{{text.replace(' ', '~')}}}~"
    if by := found["by"]:
        class_index = re.fullmatch(r"y_c", by)
        below = r"\partial y_{c}" if class_index else rf"\partial {as_latex(by)}"
        return rf"\frac{{\partial L}}{{{below}}}"
    name = found["name"]
    if name is None:
        return text
    symbol = FUNCTIONS.get(name) or SYMBOLS.get(name, name)
    index, place = found["index"], found["place"]
    if index:
        symbol += f"_{{{index.replace('_', ', ')}}}"  # 1_c is class c of layer 1
    elif symbol.startswith("\\"):
        symbol += " "
    if place:
        symbol = f"({symbol})_{{{place}}}" if index else f"{symbol}_{{{place}}}"
    return symbol
