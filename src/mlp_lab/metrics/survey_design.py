"""Which rows were sampled together, and what a bootstrap resamples in their place.

Within each stratum one cluster fewer than there are is drawn, with replacement, and what was drawn
counts as much more: the variance is then that of the clusters, also where a stratum has only two
(Rao and Wu, Resampling Inference with Complex Survey Data, 1988; Rao, Wu and Yue, 1992). A cluster
that is alone in its stratum is in every resample.
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
    names are those that words use.
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

    def __len__(self) -> int:
        given = self.clusters if self.strata is None else self.strata
        assert given is not None
        return len(given)

    def numbered(self) -> tuple[Index, Index]:
        """The cluster of each row, (N,), from 0, and the stratum of each cluster, (clusters,)."""
        rows = len(self)
        clusters = np.arange(rows) if self.clusters is None else self.clusters
        strata = np.zeros(rows, np.int64) if self.strata is None else self.strata
        pairs, own = np.unique(np.stack([strata, clusters]), axis=1, return_inverse=True)
        return own.reshape(-1), np.unique(pairs[0], return_inverse=True)[1].reshape(-1)

    def resamples(self, replicates: int, seed: int, most: int) -> Iterator[Floats]:
        """How often each counted row does in each replicate, in chunks (N, R) of at most `most`."""
        own, stratum_of = self.numbered()
        sizes = np.bincount(stratum_of)
        members = np.split(np.argsort(stratum_of, kind="stable"), np.cumsum(sizes)[:-1])
        generator = np.random.default_rng(seed)
        while replicates > 0:
            count = min(replicates, most)
            counts = np.ones((len(stratum_of), count))
            for clusters, size in zip(members, sizes.tolist(), strict=True):
                if size > 1:
                    draws = generator.multinomial(size - 1, np.full(size, 1 / size), size=count)
                    counts[clusters] = draws.T * (size / (size - 1))
            yield counts[own if self.asked is None else own[self.asked]]
            replicates -= count

    def in_words(self) -> list[str]:
        """What was resampled, and how a stratum with one cluster was treated."""
        _, stratum_of = self.numbered()
        sizes = np.bincount(stratum_of)
        units = counted(len(stratum_of), "row" if self.cluster is None else "cluster")
        of = "" if self.cluster is None else f" of {self.cluster}"
        within = f" within {counted(len(sizes), 'stratum')}" if self.stratum is not None else ""
        within = within.replace("stratums", "strata") + f" of {self.stratum}" * bool(within)
        found = [f"95 % intervals: a bootstrap over {units}{of}{within}"]
        alone = int((sizes == 1).sum())
        if alone:
            unit = "row" if self.cluster is None else "cluster"
            which = "the data have" if self.stratum is None else f"{alone} of the strata have"
            which = which.replace("have", "has") if alone == 1 and self.stratum else which
            found.append(
                f"{which} one {unit} alone: it is in each resample, and adds nothing to an"
                " interval's width, which is too narrow by that"
            )
        return found
