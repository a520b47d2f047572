"""What training rows decide, and what they do not see."""

from dataclasses import replace

import numpy as np
import pytest
from lab import configure
from objectives import loss_settings

from mlp_lab.data.config import SCALINGS, DataConfig
from mlp_lab.data.loading import load_rows
from mlp_lab.data.preprocessing import EncodedData, encode
from mlp_lab.data.rows import RawData
from mlp_lab.data.splitting import Split, split_rows
from mlp_lab.errors import UserError
from mlp_lab.network.losses import choose_objective

SETS = ["iris", "breast_cancer", "diabetes"]


def encoded(raw: RawData, split: Split, config: DataConfig) -> EncodedData:
    """With the task's own output."""
    output = choose_objective(raw.task, "auto", loss_settings("auto")).output
    return encode(raw, split, config, output, "float64")


@pytest.mark.parametrize("name", SETS)
def test_statistics_come_from_training_rows(name: str) -> None:
    """They are standardised themselves, the others are not quite."""
    config = configure(f"data={name}").data
    raw = load_rows(config)
    data = encoded(raw, split_rows(raw, config), config)
    np.testing.assert_allclose(data.train.inputs.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train.inputs.std(0), 1)
    assert np.abs(data.test.inputs.mean(0)).max() > 1e-3
    if not raw.target_columns[0].levels:
        np.testing.assert_allclose(data.train.targets.std(), 1)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("part", ["val", "test"])
def test_a_row_outside_training_changes_itself_only(name: str, part: str, scaling: str) -> None:
    """Nothing leaks from validation or test rows."""
    config = configure(f"data={name}", f"data.scaling={scaling}").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    row = getattr(split, part)[3]
    inputs, target = raw.inputs.copy(), raw.target.copy()
    inputs[row] = 1e6
    target[row] = 1 - target[row] if raw.target_columns[0].levels else 1e6
    before = encoded(raw, split, config)
    after = encoded(replace(raw, inputs=inputs, target=target), split, config)
    assert before.schema == after.schema
    for of_part in ("train", "val", "test"):
        was, now = getattr(before, of_part), getattr(after, of_part)
        for kind in ("inputs", "targets"):
            different = (getattr(was, kind) != getattr(now, kind)).any(axis=1)
            assert np.flatnonzero(different).tolist() == ([3] if of_part == part else [])


@pytest.mark.parametrize(
    ("name", "override", "message"),
    [
        ("sine", "target_transform=log", "data.target_transform=log needs y above 0, got -1"),
        ("sine", "target_transform=log1p", "data.target_transform=log1p needs y above -1, got -1"),
        ("iris", "target_transform=log", "data.target_transform=log is for numbers, but species"),
        ("diabetes", "class_weights=balanced", "data.class_weights=balanced is for classes, but"),
    ],
)
def test_settings_that_do_not_fit(name: str, override: str, message: str) -> None:
    """One line that names the key."""
    config = configure(f"data={name}", f"data.{override}").data
    raw = load_rows(config)
    if name == "sine":
        raw = replace(raw, target=np.round(raw.target))
    with pytest.raises(UserError) as error:
        encoded(raw, split_rows(raw, config), config)
    assert str(error.value).startswith(message)


def test_counts_are_scaled_by_their_mean() -> None:
    """For an exponential output: zeros stay zeros, and nothing is negative."""
    config = configure("data=diabetes").data
    raw = load_rows(config)
    raw = replace(raw, target=np.floor(raw.target / 100))
    found = encode(raw, split_rows(raw, config), config, "exponential", "float64")
    scaling = found.schema.target.each[0].scaling
    assert scaling.center == 0
    assert found.train.targets.mean() == pytest.approx(1)
    assert found.train.targets.min() == 0
    restored = found.schema.target.decode(found.test.targets)
    np.testing.assert_allclose(restored, np.round(restored), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("sine", [], "loss=poisson needs y at 0 or more, got -1"),
        ("diabetes", ["data.target_transform=log"], "data.target_transform=log leaves no counts"),
        ("diabetes", ["data.label_noise=9"], "loss=poisson needs progression at 0 or more, got -"),
    ],
)
def test_what_is_no_count(name: str, overrides: list[str], message: str) -> None:
    """One line that names the column, or the key."""
    config = configure(f"data={name}", *overrides).data
    raw = load_rows(config)
    raw = replace(raw, target=np.round(raw.target))
    split = split_rows(raw, config)
    with pytest.raises(UserError) as error:
        encode(raw, split, config, "exponential", "float64")
    assert str(error.value).startswith(message)


def test_balanced_classes_share_the_loss() -> None:
    """With row weights too; metrics see the row weights alone."""
    config = configure("data=breast_cancer", "data.class_weights=balanced").data
    raw = load_rows(config)
    split = split_rows(raw, config)
    for weights in (None, np.arange(1.0, 1 + len(raw.target))):
        train = encoded(replace(raw, weights=weights), split, config).train
        assert train.loss_weights is not None
        assert train.weights is not None
        labels = train.targets[:, 0] > 0.5
        shares = [train.loss_weights[labels == label].sum() for label in (False, True)]
        assert shares[0] == pytest.approx(shares[1])
        expected = 1.0 if weights is None else weights[split.train]
        np.testing.assert_array_equal(train.weights, np.broadcast_to(expected, len(labels)))
