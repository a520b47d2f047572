"""Which rows were sampled together, and what a bootstrap resamples in their place.

Within each stratum one cluster fewer than there are is drawn, with replacement, and what was drawn
counts as much more: the variance is then that of the clusters, also where a stratum has only two
(Rao and Wu, Resampling Inference with Complex Survey Data, 1988; Rao, Wu and Yue, 1992). Clusters
that are alone in their strata make one stratum together (Cochran, Sampling Techniques, 1977,
section 5A.12): a part has few clusters of a sample. A single one is in every resample.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mlp_lab.data.arrays import Floats, Index, Mask
from mlp_lab.formatting import counted


@dataclass(frozen=True, slots=True)
class SurveyDesign:
    """Numbers of the cluster and of the stratum of each row, (N,); at least one of them.

    Without clusters each row is one; the same number in two strata is two clusters. The columns'
    names are those that words use. How clusters are numbered changes no resample.
    """

    clusters: Index | None
    strata: Index | None
    cluster: str | None = None
    stratum: str | None = None
    asked: Mask | None = None
    """Whether a row is among those that are counted, (N,): all of them, or those of a group."""

    def some(self, rows: Mask) -> SurveyDesign:
        """The same sample, of which only some rows are counted.

        Clusters without any are drawn all the same: how many rows a group has is chance, too.
        """
        return replace(self, asked=rows)

    def at(self, rows: Index) -> SurveyDesign:
        """Rows by their positions, as a sample of its own: those of a part."""
        assert self.asked is None
        clusters, strata = (
            None if given is None else given[rows] for given in (self.clusters, self.strata)
        )
        return replace(self, clusters=clusters, strata=strata)

    def __len__(self) -> int:
        given = self.clusters if self.strata is None else self.strata
        assert given is not None
        return len(given)

    @property
    def is_alone(self) -> bool:
        """Whether all rows are of one cluster."""
        return len(self._as_sampled()[1]) == 1

    def numbered(self) -> tuple[Index, Index]:
        """The cluster of each row, (N,), from 0, and the stratum of each cluster, (clusters,).

        Both by their first rows: the same rows are resampled alike, whatever their numbers were.
        Two or more clusters that are alone in their strata have one together.
        """
        own, stratum_of = self._as_sampled()
        alone = np.bincount(stratum_of)[stratum_of] == 1
        return own, _by_first_row(np.where(alone, -1, stratum_of))

    def _as_sampled(self) -> tuple[Index, Index]:
        """The same, each cluster in its own stratum."""
        rows = np.arange(len(self))
        clusters = rows if self.clusters is None else _by_first_row(self.clusters)
        strata = rows * 0 if self.strata is None else _by_first_row(self.strata)
        own = _by_first_row(strata * (len(rows) + 1) + clusters)
        stratum_of = np.zeros(int(own.max(initial=-1)) + 1, np.int64)
        stratum_of[own] = strata
        return own, stratum_of

    def resamples(self, replicates: int, seed: int, most: int) -> Iterator[Floats]:
        """How often each counted row does in each replicate, in chunks (N, R) of at most `most`."""
        own, stratum_of = self.numbered()
        sizes, clusters = np.bincount(stratum_of), len(stratum_of)
        members = np.argsort(stratum_of, kind="stable")  # stratum by stratum
        stratum = np.repeat(np.arange(len(sizes)), sizes - 1)  # of each draw, (D,)
        first, of = (np.cumsum(sizes) - sizes)[stratum, None], sizes[stratum, None]
        weights = (sizes / np.maximum(1, sizes - 1))[stratum_of, None]
        alone = np.flatnonzero(sizes[stratum_of] == 1)
        generator = np.random.default_rng(seed)
        while replicates > 0:
            count = min(replicates, most)
            draws = members[first + generator.integers(of, size=(len(stratum), count))]
            cells = draws * count + np.arange(count)
            counts = np.bincount(cells.ravel(), minlength=clusters * count) * 1.0
            counts = counts.reshape(clusters, count) * weights
            counts[alone] = 1.0
            yield counts[own if self.asked is None else own[self.asked]]
            replicates -= count

    def variance_of_total(self, values: Floats) -> float | None:
        """The variance of the sum of what each counted row adds, (N,).

        By the sums of clusters around their mean in each stratum (Hansen, Hurwitz and Madow, Sample
        Survey Methods and Theory, 1953). None where there is one cluster.
        """
        own, stratum_of = self.numbered()
        counted_rows = own if self.asked is None else own[self.asked]
        sums = np.bincount(counted_rows, values, minlength=len(stratum_of))
        sizes = np.bincount(stratum_of)
        deviations = sums - (np.bincount(stratum_of, sums) / sizes)[stratum_of]
        squares = np.bincount(stratum_of, deviations**2)
        several = sizes > 1
        if not several.any():
            return None
        return float((squares * sizes)[several] @ (1 / (sizes[several] - 1)))

    def split_clusters(self) -> list[str]:
        """A line where clusters have rows in several strata, in each of which they are one."""
        if self.clusters is None or self.strata is None:
            return []
        own, stratum_of = self.numbered()
        cluster_of = np.zeros(len(stratum_of), np.int64)
        cluster_of[own] = _by_first_row(self.clusters)
        strata = np.bincount(cluster_of)
        several = int((strata > 1).sum())
        if several == 0:
            return []
        values = f"{several:,} of {counted(len(strata), 'value')} of {self.cluster}"
        are = "is" if several == 1 else "are"
        return [f"{values} {are} in more than one stratum of {self.stratum}: a cluster in each"]

    def in_words(self) -> list[str]:
        """What was resampled, and how a stratum with one cluster was treated."""
        _, stratum_of = self._as_sampled()
        if len(stratum_of) == 1:
            of = "" if self.cluster is None else f", of {self.cluster},"
            words = f"95 % intervals: a bootstrap over rows, since all are of one cluster{of}"
            return [f"{words} and so too narrow for rows of others"]
        sizes = np.bincount(stratum_of)
        units = counted(len(stratum_of), "row" if self.cluster is None else "cluster")
        of = "" if self.cluster is None else f" of {self.cluster}"
        within = f" within {counted(len(sizes), 'stratum')}" if self.stratum is not None else ""
        within = within.replace("stratums", "strata") + f" of {self.stratum}" * bool(within)
        found = [f"95 % intervals: a bootstrap over {units}{of}{within}"]
        alone = int((sizes == 1).sum())
        unit = "row" if self.cluster is None else "cluster"
        if alone == 1:
            found.append(
                f"1 of the strata has one {unit} alone: it is in each resample, and adds nothing to"
                " an interval's width, which is too narrow by that"
            )
        elif alone:
            found.append(
                f"{alone} of the strata have one {unit} alone: they are resampled as one stratum,"
                " which makes intervals rather too wide"
            )
        return found


def _by_first_row(numbers: Index) -> Index:
    """Numbers, (N,), as others from 0 in the order of their first rows.

    >>> _by_first_row(np.array([7, 2, 7, 5])).tolist()
    [0, 1, 0, 2]
    """
    _, first, found = np.unique(numbers, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return place[found.reshape(-1)]
