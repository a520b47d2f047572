"""Partial dependence, against functions whose effects are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mlp_lab.data.column_encoding import InputColumn, Scaling
from mlp_lab.data.columns import Column
from mlp_lab.data.dataset import Part
from mlp_lab.data.schema import Schema, Target
from mlp_lab.data.survey_design import SurveyDesign
from mlp_lab.metrics.column_effects import column_effects

PLAIN = Scaling(0.0, 1.0, [])
NUMBER = Target(Column(name="pay"), "regression", None, 1, "none", PLAIN)
AGES = np.linspace(20, 80, 60)
TOWNS = np.arange(60.0) % 3


def schema_of(target: Target, method: str = "standard") -> Schema:
    """A number, in which values are missing, and a category of three levels."""
    ages = np.append(AGES, np.nan)
    age = InputColumn.fit(Column(name="age"), ages, method)
    town = Column(name="town", kind="category", levels=["Bonn", "Köln", "Ulm"])
    return Schema([age, InputColumn.fit(town, TOWNS, "standard")], target, weight=None)


def part_of(schema: Schema, weights: torch.Tensor | None = None) -> Part:
    """Sixty rows."""
    values = (AGES, TOWNS)
    inputs = schema.encode_inputs(lambda i, block: values[i][block], 60, np.float64)
    return Part(torch.from_numpy(inputs), torch.zeros(60, 1), weights, weights)


def pay(schema: Schema, inputs: torch.Tensor) -> torch.Tensor:
    """Ten for each year of age, and a hundred more in Ulm."""
    encoding = schema.inputs[0].encoding
    ages = encoding.scaling.undo(inputs[:, 0].numpy())  # type: ignore[union-attr]
    assert not inputs[:, 1].any()  # no value that is tried is a missing one
    return torch.from_numpy(10 * ages + 100 * inputs[:, 4].numpy())[:, None]


def test_a_number_and_a_category() -> None:
    """In own units: slope and differences are those of the function, other columns averaged."""
    schema = schema_of(NUMBER)
    age, town = column_effects(
        lambda inputs: pay(schema, inputs), part_of(schema), schema, ["age", "town"]
    )
    assert (age.column, age.predicted, age.levels) == ("age", "", [])
    low, high = np.quantile(AGES, [0.05, 0.95])
    assert (age.values[0], age.values[-1]) == pytest.approx((low, high))
    np.testing.assert_allclose(age.mean, 10 * np.array(age.values) + 100 / 3, rtol=1e-6)
    assert age.change == pytest.approx([10 * (high - low)] * 3)
    assert all(a < m < b for a, m, b in zip(age.low, age.mean, age.high, strict=True))
    assert town.levels == ["Bonn", "Köln", "Ulm"]
    np.testing.assert_allclose(town.mean, 10 * AGES.mean() + np.array([0, 0, 100]))
    assert town.change == pytest.approx([100] * 3)


def test_weights_count() -> None:
    """Means are of weighted rows."""
    schema = schema_of(NUMBER)
    weights = torch.from_numpy(np.where(TOWNS == 2, 2.0, 0.0))
    (age,) = column_effects(
        lambda inputs: pay(schema, inputs), part_of(schema, weights), schema, ["age"]
    )
    np.testing.assert_allclose(age.mean, 10 * np.array(age.values) + 100, rtol=1e-6)


def test_the_class_that_changes_most() -> None:
    """Of two the second; of more one by its curve."""

    def predict(inputs: torch.Tensor) -> torch.Tensor:
        p = torch.sigmoid(inputs[:, :1])
        return torch.hstack([0 * p + 0.1, 0.9 * p, 0.9 * (1 - p)][: schema.target.outputs])

    three = Target(Column(name="x"), "multiclass", ["a", "b", "c"], 3, "none", PLAIN)
    schema = schema_of(three)
    (age,) = column_effects(predict, part_of(schema), schema, ["age"])
    assert age.predicted in ("b", "c")
    two = Target(Column(name="x"), "binary", ["no", "yes"], 1, "none", PLAIN)
    schema = schema_of(two)
    (age,) = column_effects(lambda x: torch.sigmoid(x[:, :1]), part_of(schema), schema, ["age"])
    assert age.predicted == "yes"
    assert age.change[0] > 0.5


def test_quantiles_are_undone() -> None:
    """Values are ages, however they were scaled."""
    schema = schema_of(NUMBER, "quantile")
    (age,) = column_effects(lambda x: x[:, :1], part_of(schema), schema, ["age"])
    assert age.values[0] == pytest.approx(np.quantile(AGES, 0.05), abs=1.5)
    assert age.values == sorted(age.values)


def test_what_is_left_out() -> None:
    """A column of one value, and predictions that are not finite."""
    schema = schema_of(NUMBER)
    part = part_of(schema)
    part.inputs[:, 2:] = torch.tensor([1.0, 0.0, 0.0])
    assert column_effects(lambda x: x[:, :1], part, schema, ["town"]) == []
    assert column_effects(lambda x: x[:, :1] * torch.inf, part, schema, ["age"]) == []
    assert column_effects(lambda x: x[:, :1], part.some(0), schema, ["age"]) == []


def test_single_precision_is_not_seen() -> None:
    """A page says from 0 to 3, not from -1e-8."""
    counts = np.arange(60.0) % 4
    column = InputColumn.fit(Column(name="children"), counts, "standard")
    schema = Schema([column], NUMBER, weight=None)
    inputs = schema.encode_inputs(lambda i, block: counts[block], 60, np.float32)
    part = Part(torch.from_numpy(inputs), torch.zeros(60, 1), None, None)
    (found,) = column_effects(lambda inputs: inputs[:, :1], part, schema, ["children"])
    assert found.values == [0, 1, 2, 3]


def test_rows_without_weight_say_nothing() -> None:
    """Those that are averaged are drawn from the others, however few these are."""
    schema = schema_of(NUMBER)
    weights = torch.zeros(60, dtype=torch.float64)
    weights[[7, 40]] = 2  # both of the second town
    (age,) = column_effects(
        lambda inputs: pay(schema, inputs), part_of(schema, weights), schema, ["age"], 3
    )
    np.testing.assert_allclose(age.mean, 10 * np.array(age.values), rtol=1e-6)


def test_rows_that_were_sampled_together() -> None:
    """Clusters are drawn in their place: rows of one town say little of other towns."""
    schema, (alone, together) = schema_of(NUMBER), (None, SurveyDesign(TOWNS.astype(int), None))
    effects = [
        column_effects(
            lambda inputs: pay(schema, inputs),
            replace(part_of(schema), design=design),
            schema,
            ["age"],
        )[0]
        for design in (alone, together)
    ]
    assert effects[0].mean == effects[1].mean
    widths = [own.high[0] - own.low[0] for own in effects]
    assert widths[1] > 2 * widths[0]
