"""A trained network as a notebook or a script meets it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import nn

from mlp_lab.data.arrays import Floats
from mlp_lab.data.schema import Target
from mlp_lab.data.tables.printing import report_text
from mlp_lab.estimators.fitted import Fitted
from mlp_lab.estimators.surface import of_network, require_grid
from mlp_lab.formatting import score_written
from mlp_lab.metrics.effect import Effect
from mlp_lab.metrics.epoch import main_metric
from mlp_lab.metrics.explained import SAMPLES, Asked
from mlp_lab.network.plain_network import Ensemble
from mlp_lab.runs.findings import Verdict
from mlp_lab.runs.result_file import with_single
from mlp_lab.runs.tried import kept_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlp_lab.estimators.saving import Page
    from mlp_lab.predictor import NewRows, OtherRows


EFFECT_COLUMNS = ["column", "value", "predicted", "mean", "low", "high"]


def probability_named(effect: Effect) -> str:
    """What an effect is on: `probability_x` of class x, or the prediction."""
    return f"probability_{effect.predicted}" if effect.predicted else "prediction"


class Run:
    """What `mlp_lab.train` gives: a network, how it got there, and what it reached."""

    def __init__(self, fitted: Fitted) -> None:
        self._fitted = fitted

    @property
    def network(self) -> nn.Sequential | Ensemble:
        """The network, or the ensemble, at its best weights, as plain torch layers."""
        return self._fitted.network.plain(self._fitted.predictor.objective.temperature)

    @property
    def curves(self) -> pd.DataFrame:
        """A row for each epoch: losses and metrics of each part, learning rate, seconds."""
        return self._fitted.curves

    @property
    def scores(self) -> pd.DataFrame:
        """A row for each part: loss and metrics at the best epoch."""
        return self._fitted.scores

    @property
    def baselines(self) -> pd.DataFrame:
        """A row for each baseline and part: loss and metrics."""
        return self._fitted.baselines

    @property
    def verdict(self) -> Verdict:
        """How the training went: underfit, overfit, not converged, ...; and what may mend it."""
        return self._fitted.verdict

    @property
    def status(self) -> str:
        """completed, stopped or diverged."""
        return self._fitted.termination.status

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights the network has."""
        return self._fitted.best_epoch

    @property
    def settings(self) -> dict[str, object]:
        """The whole configuration, as config.yaml would have it."""
        return dict(self._fitted.run.job.values)

    @property
    def data_report(self) -> str:
        """What was understood of a table: kinds of columns, missing values, possible leakage."""
        overview = self._fitted.run.prepared.overview
        return "" if overview is None else report_text(overview)

    def predict(
        self, rows: NewRows, *, threshold: float | None = None, class_name: str | None = None
    ) -> Floats | NDArray[np.str_]:
        """The target of each row, (N,): a number in its own units, or the name of a class.

        Of several targets (N, T), a column for each. `threshold`: of two classes the probability of
        `class_name`, by default the second, above which it is decided for.

        Raises:
            UserError: a column is missing, or holds what it cannot.
        """
        predictor = self._fitted.predictor
        return predictor.predict(rows, threshold=threshold, class_name=class_name)

    def predict_interval(self, rows: NewRows, level: float = 0.9) -> Floats:
        """Bounds of what a number is with a probability of `level`, (N, 2); of several (N, T, 2).

        As far from the prediction as validation rows were off (split conformal prediction).

        Raises:
            UserError: the target is no number, or there were too few validation rows.
        """
        return self._fitted.predictor.predict_interval(rows, level)

    def predict_proba(self, rows: NewRows) -> pd.DataFrame:
        """A probability for each class, a column for each; of several targets a column for each.

        Raises:
            UserError: the target is a number, or a column is missing.
        """
        predictor, target = self._fitted.predictor, self._fitted.predictor.schema.target
        if isinstance(target, Target):
            columns = target.classes
        else:
            columns = [one.name for one in target.each]
        return pd.DataFrame(predictor.predict_proba(rows), columns=columns)

    def explain(
        self,
        rows: NewRows,
        background: OtherRows = None,
        *,
        class_name: str | None = None,
        target: str | None = None,
        samples: int = SAMPLES,
    ) -> pd.DataFrame:
        """What each column adds to the prediction of each row, as `mlp-lab explain` has it.

        The first column is what is explained, `prediction` or `probability_x` of class x; then
        come `base`, its mean over background rows, and `contribution_x` of each column: they add
        up to the first.

        Args:
            rows: as for `predict`.
            background: rows to compare with; by default those of the training, or of a network
                that was pickled, and has none, the rows themselves.
            class_name: of more than two classes the one that is explained; of two the second.
            target: of several targets the one that is explained.
            samples: how many background rows count. Twice as many take twice as long.

        Raises:
            UserError: a column is missing or holds what it cannot, or there is no such class.
        """
        asked = Asked(class_name, target, samples)
        trained = self._fitted.training_inputs if background is None else None
        return self._fitted.predictor.explain_against(rows, background, trained, asked)

    def effects(
        self, columns: str | Sequence[str] | None = None, *, rows: int = 500
    ) -> pd.DataFrame:
        """What columns do: the mean prediction by their values (partial dependence).

        A row for each value of each column: `column`, `value`, what is `predicted` (`prediction`,
        or `probability_x` of a class), its `mean` if all rows had that value, and the ends of its
        95 % interval by resampling rows, `low` and `high`. Dates are left out.

        Args:
            columns: by default the four that are most important.
            rows: of validation that are averaged at most; of test or training if there are none.

        Raises:
            UserError: there is no such column, or it has no effect that can be shown.
        """
        named = [columns] if isinstance(columns, str) else columns
        found = [
            (own.column, value, probability_named(own), *numbers)
            for own in self._fitted.effects(named, rows)
            for value, *numbers in zip(
                own.levels or own.values, own.mean, own.low, own.high, strict=True
            )
        ]
        return pd.DataFrame(found, columns=EFFECT_COLUMNS)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the learning curve: loss of training and validation rows against epochs."""
        from mlp_lab.estimators.plotting import plot_curves  # noqa: PLC0415  matplotlib

        return plot_curves(self._fitted.rows, self.best_epoch, ax)

    def plot_surface(
        self, ax: Axes | None = None, *, points: int = 31, reach: float = 1.0, seed: int = 0
    ) -> Axes:
        """Draw the training loss over two random directions through the weights.

        After Li et al., "Visualizing the loss landscape of neural nets" (2018). Of an ensemble, the
        first network is shown.

        Args:
            ax: where to draw; a figure of its own by default.
            points: of the grid along each direction, an odd number.
            reach: the last step along both; 1 changes each unit by as much as its weights are long.
            seed: of the directions.

        Raises:
            UserError: there cannot be such a grid.
        """
        from mlp_lab.estimators.plotting import plot_surface  # noqa: PLC0415  matplotlib

        require_grid(points, reach, seed)
        self._fitted.require_rows()
        around = of_network(
            self._fitted.network,
            self._fitted.run.prepared.objective,
            self._fitted.run.dataset.train,
        )
        return plot_surface(around.surface(points=points, reach=reach, seed=seed), ax)

    def report(self) -> Page:
        """The page of the network: curves, scores, confusion matrix, permutation importance, ..."""
        from mlp_lab.estimators.saving import report_page  # noqa: PLC0415  tensorboard, matplotlib

        return report_page(self._fitted)

    def save(self, folder: str | Path) -> Path:
        """Write a run folder with the network, its curves, scores, verdict and report.html.

        Raises:
            UserError: another run has the folder.
        """
        from mlp_lab.estimators.saving import write_run  # noqa: PLC0415  tensorboard, matplotlib

        write_run(self._fitted, Path(folder))
        return Path(folder)

    def export(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002  what one expects it to be called
        *,
        prefix: str = "",
    ) -> list[str]:
        """Write the network for other programs; in lines, what is left to whoever uses the file.

        Args:
            path: the file, replaced once the new content is whole.
            format: `onnx`, one graph that reads columns as they are, or `torch`, a program of
                torch.export that reads encoded rows; by default .onnx or .pt2 in the name tells.
            prefix: before the names of a graph's outputs.

        Raises:
            UserError: the format is unknown, its library is missing, or it cannot hold the network.
        """
        return self._fitted.predictor.export(path, format, prefix=prefix)

    def summary(self) -> pd.DataFrame:
        """Loss and metric of the network and its baselines, as commands print them."""
        models = with_single(self._fitted.models, self._fitted.single)
        quantities = ["loss", main_metric(models["network"]["train"])]
        rows = {
            name: {
                (quantity, part): scores[quantity]
                for quantity in quantities
                for part, scores in parts.items()
                if scores
            }
            for name, parts in models.items()
        }
        columns = pd.MultiIndex.from_tuples(rows["network"])
        return pd.DataFrame([list(row.values()) for row in rows.values()], [*rows], columns)

    def _written(self) -> pd.DataFrame:
        """`summary()` as text."""
        found = self.summary()
        names = [str(column[0]) for column in found.columns]
        texts = [
            [score_written(name, value) for name, value in zip(names, row, strict=True)]
            for row in found.to_numpy().tolist()
        ]
        return pd.DataFrame(texts, found.index, found.columns)

    def __repr__(self) -> str:
        table = self._written().to_string()
        return "\n".join([table, self._facts(), *self.verdict.in_brief()])

    def _repr_html_(self) -> str:
        table = self._written().to_html(border=0)
        return f"{table}{self._in_html([self._facts(), *self.verdict.in_brief()])}"

    def html_in_brief(self) -> str:
        """Facts and the learning curve, with the verdict if it was asked for before: at once."""
        known = "verdict" in vars(self._fitted)
        more = self.verdict.in_brief() if known else ["verdict_ says how it went"]
        return self._in_html([self._facts(), *more])

    def _in_html(self, lines: Sequence[str]) -> str:
        words = "<br>".join(escape(line) for line in lines)
        picture = f'<img alt="learning curve" src="data:image/png;base64,{self._picture()}">'
        return f"<p>{words}</p>{picture}"

    def _facts(self) -> str:
        """Output, loss, parameters and epochs, in a line."""
        fitted, objective = self._fitted, self._fitted.predictor.objective
        reason = f" ({fitted.termination.reason})" if fitted.termination.reason else ""
        tried = ""
        if fitted.run.budget is not None and fitted.has_rows:
            found = {"budget": fitted.run.budget, "rows": fitted.run.prepared.rows}
            tried = f"; {kept_in_words(found)}"
        return (
            f"{objective.output} output, loss {objective.title},"
            f" {sum(fitted.network.parameter_counts):,} parameters,"
            f" best epoch {fitted.best_epoch} of {fitted.epochs}{reason}{tried}"
        )

    def _picture(self) -> str:
        from mlp_lab.estimators.plotting import png_of_curves  # noqa: PLC0415  matplotlib

        return base64.b64encode(png_of_curves(self._fitted.rows, self.best_epoch)).decode()
