"""Rows into parts, and noise on training labels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lab import PARTS, configure

from mlp_lab.config.reading import read
from mlp_lab.data.arrays import Index
from mlp_lab.data.bundled import BUNDLED, BundledConfig
from mlp_lab.data.columns import classified, numeric
from mlp_lab.data.config import DataConfig
from mlp_lab.data.rows import RawData, SplitConstraints
from mlp_lab.data.splitting import Split, noisy_train_target, split_rows
from mlp_lab.errors import LARGEST_SEED, UserError
from mlp_lab.runs.prepared_data import prepare_data


def data_config(**values: float | None) -> DataConfig:
    """The digits' settings, some changed."""
    return read(BundledConfig, {"name": "digits", **PARTS, **values}, "data")


def rows_of(counts: list[int], *, regression: bool = False) -> RawData:
    """So many rows of each class, or as many distinct numbers."""
    target = np.repeat(np.arange(len(counts)), counts).astype(float)
    inputs = np.arange(len(target), dtype=float)[:, None]
    if regression:
        return RawData(inputs, inputs[:, 0], numeric(["x"]), numeric(["y"]))
    names = [str(label) for label in range(len(counts))]
    return RawData(inputs, target, numeric(["x"]), [classified("y", names)])


def parts_of(split: Split) -> list[Index]:
    """Training, validation and test rows."""
    return [split.train, split.val, split.test]


@settings(deadline=None, max_examples=40)
@given(
    counts=st.lists(st.integers(5, 60), min_size=2, max_size=5),
    test=st.floats(0.1, 0.4),
    val=st.floats(0.1, 0.4),
    seed=st.integers(0, 2**31),
    regression=st.booleans(),
)
def test_parts_share_no_row(
    counts: list[int], test: float, val: float, seed: int, regression: bool
) -> None:
    """Every row is in exactly one part, and parts have the sizes asked for."""
    raw = rows_of(counts, regression=regression)
    config = data_config(test_fraction=test, val_fraction=val, split_seed=seed)
    split = split_rows(raw, config)
    assert sorted(np.concatenate(parts_of(split))) == list(range(len(raw.target)))
    assert len(split.test) == round(test * len(raw.target))
    assert len(split.val) == round(val * len(raw.target))
    for part in parts_of(split):
        assert part.tolist() == sorted(part.tolist())


@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "diabetes"])
@pytest.mark.parametrize("seed", range(3))
def test_parts_hold_classes_in_their_shares(name: str, seed: int) -> None:
    """To about one row for each class: a part's size and its classes' counts are both whole."""
    raw = BUNDLED[name]()
    split = split_rows(raw, data_config(split_seed=seed))
    whole = np.bincount(raw.target.astype(int)) / len(raw.target)
    for part in parts_of(split):
        counts = np.bincount(raw.target[part].astype(int), minlength=len(whole))
        assert np.abs(counts - whole * len(part)).max() < 1.5


@pytest.mark.parametrize("name", ["digits", "diabetes", "moons"])
def test_seed_of_the_network_leaves_the_data_alone(name: str) -> None:
    """`seed` is the network's, `data.split_seed` the data's."""
    first, same, other = (
        prepare_data(configure(f"data={name}", "data.label_noise=0.1", *more)).encoded
        for more in ((), ("seed=7",), ("data.split_seed=1",))
    )
    for part in ("train", "val", "test"):
        a, b, c = (getattr(encoded, part) for encoded in (first, same, other))
        for kind in ("inputs", "targets"):
            np.testing.assert_array_equal(getattr(a, kind), getattr(b, kind))
            assert not np.array_equal(getattr(a, kind), getattr(c, kind))


def test_train_rows_keeps_a_share_of_each_class() -> None:
    """Fewer training rows come from the same ones, and change neither of the other parts."""
    raw = BUNDLED["digits"]()
    whole = split_rows(raw, data_config())
    fewer = split_rows(raw, data_config(train_rows=200))
    assert len(fewer.train) == 200
    assert set(fewer.train) < set(whole.train)
    np.testing.assert_array_equal(fewer.val, whole.val)
    np.testing.assert_array_equal(fewer.test, whole.test)
    counts = np.bincount(raw.target[fewer.train].astype(int))
    assert counts.min() >= 18
    assert counts.max() <= 22


COUNTS = st.lists(st.integers(5, 60), min_size=2, max_size=5)
FOLDS = st.integers(2, 6)


@settings(deadline=None, max_examples=40)
@given(
    counts=COUNTS,
    test=st.sampled_from([0.0, 0.1, 0.2, 0.4]),
    folds=FOLDS,
    repeat=st.integers(0, LARGEST_SEED),
    seed=st.integers(0, 2**31),
    regression=st.booleans(),
)
def test_folds_are_all_rows_but_the_test_rows(
    *, counts: list[int], test: float, folds: int, repeat: int, seed: int, regression: bool
) -> None:
    """Each row validates once; sizes, and counts of each class, differ by one row at most."""
    raw = rows_of(counts, regression=regression)
    whole = data_config(test_fraction=test, split_seed=seed)
    tested = split_rows(raw, whole).test
    rest = np.setdiff1d(np.arange(len(raw.target)), tested)
    splits = [
        split_rows(raw, replace(whole, folds=folds, fold=fold, repeat=repeat))
        for fold in range(folds)
    ]
    for split in splits:
        np.testing.assert_array_equal(split.test, tested)
        np.testing.assert_array_equal(np.union1d(split.train, split.val), rest)
        assert len(split.train) + len(split.val) == len(rest)
    assert sorted(np.concatenate([split.val for split in splits])) == rest.tolist()
    assert np.ptp([len(split.val) for split in splits]) <= 1
    if raw.target_columns[0].levels:
        labels = [raw.target[split.val].astype(int) for split in splits]
        held = [np.bincount(label, minlength=len(counts)) for label in labels]
        assert np.ptp(held, axis=0).max() <= 1


@settings(deadline=None, max_examples=40)
@given(sizes=st.lists(st.integers(1, 30), min_size=8, max_size=60), folds=FOLDS, repeat=FOLDS)
def test_folds_keep_groups_whole(sizes: list[int], folds: int, repeat: int) -> None:
    """No group in two folds, no fold empty or larger than another by more than a group."""
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    raw = replace(
        rows_of([sum(sizes)], regression=True), constraints=SplitConstraints(groups=groups)
    )
    whole = data_config(val_fraction=0)
    tested = split_rows(raw, whole).test
    assume(len(set(groups)) - len(set(groups[tested])) >= folds)
    vals = []
    for fold in range(folds):
        try:
            split = split_rows(raw, replace(whole, folds=folds, fold=fold, repeat=repeat))
        except UserError as error:  # a large group has left a single row to learn from
            assume("in every training row: nothing to learn" not in str(error))
            raise
        np.testing.assert_array_equal(split.test, tested)
        parts = [set(groups[rows]) for rows in parts_of(split)]
        assert sum(map(len, parts)) == len(sizes)
        assert set.union(*parts) == set(groups)
        vals.append(split.val)
    rest = np.setdiff1d(np.arange(len(groups)), tested)
    assert sorted(np.concatenate(vals)) == rest.tolist()
    held = [len(val) for val in vals]
    assert min(held) > 0
    assert max(held) - min(held) <= max(sizes)


@pytest.mark.parametrize("grouped", [False, True])
def test_repeats_cut_anew(grouped: bool) -> None:
    """At random: two repeats share about a row in `folds` of a fold, as two random cuts do."""
    raw = rows_of([1000], regression=True)
    if grouped:
        raw = replace(raw, constraints=SplitConstraints(groups=np.arange(1000) // 2))
    vals = [
        split_rows(raw, data_config(folds=4, repeat=repeat, split_seed=seed)).val
        for repeat, seed in ((0, 0), (1, 0), (2, 0), (0, 1))
    ]
    for k, val in enumerate(vals):
        for other in vals[:k]:
            share = len(np.intersect1d(val, other)) / len(val)
            assert share == pytest.approx(0.8 * 0.25 if k == 3 else 0.25, abs=0.1)


def test_a_fold_takes_the_place_of_the_fraction() -> None:
    """With folds, `data.val_fraction` counts for nothing, not even where it would leave no row."""
    raw = BUNDLED["iris"]()
    splits = [
        split_rows(raw, data_config(test_fraction=0.4, val_fraction=share, folds=3))
        for share in (0, 0.15, 0.9)
    ]
    for split in splits:
        assert [len(part) for part in parts_of(split)] == [60, 30, 60]
        for part, first in zip(parts_of(split), parts_of(splits[0]), strict=True):
            np.testing.assert_array_equal(part, first)


def test_train_rows_keeps_some_of_a_fold() -> None:
    """A share of each class, out of the rows that the fold leaves for training."""
    raw = BUNDLED["digits"]()
    whole = split_rows(raw, data_config(folds=5, fold=3))
    fewer = split_rows(raw, data_config(folds=5, fold=3, train_rows=200))
    assert len(fewer.train) == 200
    assert set(fewer.train) < set(whole.train)
    np.testing.assert_array_equal(fewer.val, whole.val)
    counts = np.bincount(raw.target[fewer.train].astype(int))
    assert counts.min() >= 17
    assert counts.max() <= 23


def test_no_validation_and_no_test_rows() -> None:
    """A fraction of 0 leaves a part empty."""
    split = split_rows(rows_of([5, 5]), data_config(test_fraction=0, val_fraction=0))
    assert [len(part) for part in parts_of(split)] == [10, 0, 0]


@pytest.mark.parametrize(
    ("raw", "values", "message"),
    [
        (rows_of([2, 2]), {"test_fraction": 0.1}, "data.test_fraction=0.1 of 4 rows rounds to 0"),
        (rows_of([2, 2]), {"val_fraction": 0.1}, "data.val_fraction=0.1 of 4 rows rounds to 0"),
        (
            rows_of([10, 10]),
            {"train_rows": 14},
            "data.train_rows must be at most the 13 training rows, got 14",
        ),
        (
            rows_of([10, 10], regression=True),
            {"folds": 17},
            "data.folds must be at most the 16 rows besides the test rows, got 17",
        ),
        (
            replace(
                rows_of([20], regression=True),
                constraints=SplitConstraints(groups=np.arange(20) // 4),
            ),
            {"folds": 5},
            "data.folds must be at most the 4 groups besides the test rows, got 5",
        ),
        (
            replace(
                rows_of([20], regression=True),
                constraints=SplitConstraints(groups=np.zeros(20, dtype=int)),
            ),
            {"folds": 5},
            "data.folds must be at most the 0 groups besides the test rows, got 5",
        ),
        (rows_of([20, 0]), {}, "the 13 training rows hold one class of y, '0': two are needed"),
        (
            RawData(np.zeros((20, 1)), np.full(20, 3.5), numeric(["x"]), numeric(["y"])),
            {},
            "y is 3.5 in every training row: nothing to learn",
        ),
    ],
)
def test_parts_that_cannot_be(raw: RawData, values: dict[str, float], message: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(UserError) as error:
        split_rows(raw, data_config(**values))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


NAMES = [str(label) for label in range(10**5)]
MANY_CLASSES = RawData(np.zeros((500, 1)), np.zeros(500), numeric(["x"]), [classified("y", NAMES)])
"""A label drawn anew is practically never the old one."""

ALL_ROWS = Split(*(np.arange(500), np.arange(0), np.arange(0)))


def changed(share: float) -> set[int]:
    """Rows whose label is another one."""
    noisy = noisy_train_target(MANY_CLASSES, ALL_ROWS, data_config(label_noise=share))
    return set(np.flatnonzero(noisy))


SHARES = st.floats(0, 1, allow_subnormal=False)  # Hypothesis refuses them once torch flushes them


@settings(deadline=None, max_examples=20)
@given(share=SHARES)
def test_label_noise_redraws_its_share(share: float) -> None:
    """Exactly so many labels, and the given ones stay as they are."""
    assert len(changed(share)) == round(share * 500)
    assert not MANY_CLASSES.target.any()


@settings(deadline=None, max_examples=20)
@given(shares=st.tuples(SHARES, SHARES))
def test_label_noise_is_nested(shares: tuple[float, float]) -> None:
    """More noise spoils the same labels and some more."""
    assert changed(min(shares)) <= changed(max(shares))


def test_redrawn_labels_are_uniform() -> None:
    """Over all classes, the right one too: full noise leaves a tenth of the digits right."""
    raw = BUNDLED["digits"]()
    split = split_rows(raw, data_config())
    noisy = noisy_train_target(raw, split, data_config(label_noise=1.0))
    assert np.mean(noisy == raw.target[split.train]) == pytest.approx(0.1, abs=0.03)
    assert np.bincount(noisy.astype(int)).min() > 85


@pytest.mark.parametrize("name", ["iris", "diabetes"])
def test_label_noise_spoils_training_rows_only(name: str) -> None:
    """Scores of validation and test rows mean what they say."""
    raw = BUNDLED[name]()
    clean, noisy = (
        prepare_data(configure(f"data={name}", f"data.label_noise={share}")).encoded
        for share in (0, 0.5)
    )
    np.testing.assert_array_equal(clean.train.inputs, noisy.train.inputs)
    assert not np.array_equal(clean.train.targets, noisy.train.targets)
    split = split_rows(raw, data_config())
    for part, rows in ((noisy.val, split.val), (noisy.test, split.test)):
        expected = noisy.schema.target.encode(raw.target[rows])
        np.testing.assert_allclose(part.targets, expected, atol=1e-12)


def test_noise_on_numbers_is_in_standard_deviations() -> None:
    """And twice the noise is twice the same noise."""
    raw = BUNDLED["diabetes"]()
    split = split_rows(raw, data_config())
    clean = raw.target[split.train]
    once, twice = (
        noisy_train_target(raw, split, data_config(label_noise=spread)) - clean
        for spread in (0.5, 1.0)
    )
    assert once.std() / clean.std() == pytest.approx(0.5, rel=0.1)
    np.testing.assert_allclose(twice, 2 * once)


def test_too_much_label_noise() -> None:
    """A share above 1 is none."""
    with pytest.raises(UserError, match=r"^data.label_noise must be in \[0, 1\], got 1.5$"):
        prepare_data(configure("data=iris", "data.label_noise=1.5"))


def test_every_part_has_its_share_of_each_combination_of_labels() -> None:
    """In folds, too."""
    labels = [classified(name, ["no", "yes"]) for name in "ab"]
    target = np.array([[0.0, 0]] * 60 + [[1, 0]] * 30 + [[1, 1]] * 30)
    raw = RawData(np.zeros((120, 1)), target, numeric(["x"]), labels)
    split = split_rows(raw, data_config(test_fraction=0.2, val_fraction=0.2))
    for part, counts in ((split.test, [12, 6, 6]), (split.val, [12, 6, 6])):
        found = np.unique(target[part], axis=0, return_counts=True)[1]
        assert np.abs(found - counts).max() <= 1
    for fold in range(5):
        split = split_rows(raw, data_config(test_fraction=0.0, folds=5, fold=fold))
        found = np.unique(target[split.val], axis=0, return_counts=True)[1]
        assert found.tolist() == [12, 6, 6]


def test_noise_on_several_targets() -> None:
    """Each is disturbed in its own units, independently; none in other parts."""
    generator = np.random.default_rng(0)
    target = generator.normal(size=(2000, 2)) * [1, 100]
    raw = RawData(np.zeros((2000, 1)), target, numeric(["x"]), numeric(["a", "b"]))
    everything = Split(np.arange(2000), np.arange(0), np.arange(0))
    noise = noisy_train_target(raw, everything, data_config(label_noise=0.5)) - target
    assert noise.std(0) == pytest.approx(0.5 * target.std(0), rel=0.1)
    assert abs(np.mean(noise[:, 0] * noise[:, 1])) < 0.1 * np.prod(noise.std(0))


def test_a_target_that_is_constant_in_training_is_named() -> None:
    """Whichever of several it is."""
    target = np.column_stack([np.arange(20.0), np.full(20, 3.5)])
    raw = RawData(np.zeros((20, 1)), target, numeric(["x"]), numeric(["a", "b"]))
    with pytest.raises(UserError, match=r"^b is 3\.5 in every training row: nothing to learn$"):
        split_rows(raw, data_config())
    labels = [classified(name, ["no", "yes"]) for name in "ab"]
    raw = replace(raw, target=(target > 5).astype(float), target_columns=labels)
    with pytest.raises(UserError, match="hold one class of b, 'no': two are needed"):
        split_rows(raw, data_config())
