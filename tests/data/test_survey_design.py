"""Intervals of rows that were sampled in clusters and strata, against simulations."""

import numpy as np
import pytest

from mlp_lab.data.arrays import Index
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.regression import regression_metrics


def clusters_of(count: int, size: int) -> Index:
    """So many clusters of so many rows."""
    return np.repeat(np.arange(count), size)


def drawn(design: SurveyDesign, replicates: int = 400) -> np.ndarray:
    """How often each row counts in each replicate."""
    return np.concatenate(list(design.resamples(replicates, 0, 64)), axis=1)


def test_of_clusters_of_equal_rows_the_interval_is_wider_and_covers() -> None:
    """By the root of their size; that of rows misses the truth in most samples."""
    size, truth = 9, 1.0
    generator = np.random.default_rng(0)
    design = SurveyDesign(clusters_of(40, size), None, "school")
    covered, ratios = {"clusters": 0, "rows": 0}, []
    for _ in range(100):
        errors = np.repeat(generator.exponential(truth, 40), size)
        metrics = regression_metrics(errors, np.zeros_like(errors), None)
        widths = {}
        for name, of in (("clusters", design), ("rows", None)):
            low, high = metrics.intervals(replicates=200, design=of)["mae"]
            widths[name] = high - low
            covered[name] += low <= truth <= high
        ratios.append(widths["clusters"] / widths["rows"])
    assert np.mean(ratios) == pytest.approx(np.sqrt(size), rel=0.1)
    assert covered["clusters"] >= 85
    assert covered["rows"] <= 70


def test_the_variance_is_that_of_clusters_within_strata() -> None:
    """Of a total by the usual formula, also with two clusters in each stratum."""
    generator = np.random.default_rng(1)
    strata, clusters = np.repeat([0, 1, 2, 2], 5), np.repeat([0, 0, 0, 1], 5)
    strata, clusters = np.concatenate([strata, strata]), np.concatenate([clusters, clusters + 5])
    values = generator.normal(size=len(strata)) + 10 * strata
    design = SurveyDesign(clusters, strata, "school", "region")
    totals = values @ drawn(design, 20_000)
    wanted = 0.0
    for stratum in range(3):
        own = strata == stratum
        sums = [values[own & (clusters == c)].sum() for c in np.unique(clusters[own])]
        wanted += len(sums) * np.var(sums, ddof=1)
    assert totals.var() == pytest.approx(wanted, rel=0.05)
    assert totals.mean() == pytest.approx(values.sum(), rel=0.01)


def test_rows_of_a_cluster_count_alike_and_strata_keep_their_size() -> None:
    design = SurveyDesign(clusters_of(6, 2), np.repeat([0, 1], 6), "school", "region")
    counts = drawn(design)
    assert np.array_equal(counts[::2], counts[1::2])
    assert counts[:6].sum(0) == pytest.approx(np.full(400, 6.0))
    alone = SurveyDesign(None, np.repeat([0, 1], 6), None, "region")
    assert drawn(alone)[:6].sum(0) == pytest.approx(np.full(400, 6.0))
    assert not np.array_equal(drawn(alone)[::2], drawn(alone)[1::2])


def test_the_same_number_in_two_strata_is_two_clusters() -> None:
    own, stratum_of = SurveyDesign(np.array([1, 1, 2, 1]), np.array([0, 0, 0, 1])).numbered()
    assert (own.tolist(), stratum_of.tolist()) == ([0, 0, 1, 2], [0, 0, 1])


def test_words_say_what_was_resampled() -> None:
    """And what became of a cluster that is alone."""
    strata = np.array([0, 0, 0, 0, 1, 1])
    assert SurveyDesign(clusters_of(3, 2), None, "school").in_words() == [
        "95 % intervals: a bootstrap over 3 clusters of school"
    ]
    assert SurveyDesign(None, strata, None, "region").in_words() == [
        "95 % intervals: a bootstrap over 6 rows within 2 strata of region"
    ]
    design = SurveyDesign(clusters_of(3, 2), strata, "school", "region")
    line, said = design.in_words()
    assert line == (
        "95 % intervals: a bootstrap over 3 clusters of school within 2 strata of region"
    )
    assert said.startswith("1 of the strata has one cluster alone: it is in each resample")
    assert (drawn(design)[4:] == 1).all()
    assert (drawn(design.some(strata == 1)) == 1).all()
    (said,) = SurveyDesign(strata * 0, None, "school").in_words()
    assert said == (
        "95 % intervals: a bootstrap over rows, since all are of one cluster, of school, and so too"
        " narrow for rows of others"
    )


def test_a_group_is_of_the_whole_sample() -> None:
    """How many of its clusters are drawn is chance, too: the variance of a total over the group."""
    strata, clusters = np.repeat(np.arange(30), 2 * 3), clusters_of(60, 3)
    group = clusters % 2 == 0  # one of the two clusters of each stratum
    design = SurveyDesign(clusters, strata, "school", "region")
    totals = drawn(design.some(group), 2000).sum(0)
    # In each stratum one of two clusters is drawn and counts twice: 6 rows of the group, or none.
    assert totals.var() == pytest.approx(30 * 3**2, rel=0.1)
    assert design.some(group).in_words() == design.in_words()


def test_numbers_of_clusters_do_not_matter() -> None:
    """The same rows are resampled alike, however clusters and strata are numbered."""
    generator = np.random.default_rng(3)
    clusters, strata = generator.integers(20, size=90), generator.integers(4, size=90)
    design = SurveyDesign(clusters, strata, "school", "region")
    renamed = SurveyDesign(1000 - 7 * clusters, strata * -2, "school", "region")
    assert np.array_equal(drawn(design), drawn(renamed))
    rows = np.flatnonzero(strata != 2)
    part = SurveyDesign(clusters[rows], strata[rows], "school", "region")
    assert np.array_equal(drawn(design.at(rows)), drawn(part))
    assert design.at(rows).in_words() == part.in_words()


def test_a_part_without_rows() -> None:
    """It is none of anything."""
    none = SurveyDesign(clusters_of(3, 2), None, "school").at(np.arange(0))
    assert len(none) == 0
    assert [len(numbers) for numbers in none.numbered()] == [0, 0]


@pytest.mark.parametrize("stratified", [False, True])
def test_the_variance_of_a_total_is_that_of_its_resamples(stratified: bool) -> None:
    """By the formula, and by drawing; of a group of rows, too."""
    generator = np.random.default_rng(2)
    clusters = clusters_of(24, 4)
    strata = np.repeat([0, 1, 2], 32) if stratified else None
    values = generator.normal(size=96) + np.repeat(generator.normal(size=24), 4)
    design = SurveyDesign(clusters, strata, "school", "region")
    some = design.some(clusters % 3 > 0)
    for own, added in ((design, values), (some, values[clusters % 3 > 0])):
        totals = added @ drawn(own, 20_000)
        assert own.variance_of_total(added) == pytest.approx(totals.var(), rel=0.05)
    rows = SurveyDesign(None, np.zeros(96, int), None, "region")
    assert rows.variance_of_total(values) == pytest.approx(96 * values.var(ddof=1))
    one = SurveyDesign(np.zeros(96, int), None, "school")
    assert one.variance_of_total(values) is None
    assert (drawn(one) == 1).all()
    alone = SurveyDesign(clusters, clusters, "school", "region")  # each in a stratum of its own
    together = SurveyDesign(clusters, None, "school")
    assert alone.variance_of_total(values) == together.variance_of_total(values)
    assert np.array_equal(drawn(alone), drawn(together))
    (_, line) = alone.in_words()
    assert line.startswith("24 of the strata have one cluster alone: they are resampled as one str")


def test_clusters_in_several_strata_are_counted() -> None:
    """In words that name both columns."""
    strata = np.array([0, 0, 1, 1, 1, 1])
    whole = SurveyDesign(np.array([0, 0, 1, 1, 2, 2]), strata, "school", "region")
    assert whole.split_clusters() == []
    assert SurveyDesign(strata, None, "school").split_clusters() == []
    split = SurveyDesign(np.array([0, 5, 5, 1, 2, 2]), strata, "school", "region")
    assert split.split_clusters() == [
        "1 of 4 values of school is in more than one stratum of region: a cluster in each"
    ]
