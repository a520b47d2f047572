"""Rows of a request to predictions, without HTTP."""

import json

import numpy as np
import pandas as pd
import pytest
from exported import NUMBER, levels, number, predictor, values_of

from mlp_lab.errors import UserError
from mlp_lab.metrics.conformal import Residuals
from mlp_lab.metrics.decision_threshold import Threshold
from mlp_lab.metrics.validation_record import ValidationRecord
from mlp_lab.serving.service import (
    CSV,
    JSON,
    BadBody,
    Decisions,
    Limits,
    Service,
    TooLarge,
    json_of,
)

MODEL = predictor([number("x"), levels("k", "category", 0, 1), levels("o", "ordinal", 0, 1)])
SERVICE = Service(MODEL, Limits(rows=50))
ROWS = pd.DataFrame({"x": [1.5, np.nan, -9], "k": ["a", "b", "new"], "o": ["b", "a", None]})


def answered(body: object) -> tuple[pd.DataFrame, object]:
    """Predictions for a body, and how many levels are new."""
    found = json.loads(SERVICE.answer(json.dumps(body).encode(), JSON))
    return pd.DataFrame(found["predictions"]), found["unseen_levels"]


def cells() -> dict[str, list[object]]:
    """The rows as plain data, by columns."""
    return {"x": [1.5, None, -9], "k": ["a", "b", "new"], "o": ["b", "a", None]}


def test_all_forms_say_what_predict_says() -> None:
    """Rows, columns, and CSV; columns that the network does not read change nothing."""
    wanted = pd.DataFrame(MODEL.answers(values_of(MODEL, ROWS)))
    columns, unseen = answered(cells() | {"other": ["?", "?", 3]})
    pd.testing.assert_frame_equal(columns, wanted)
    assert unseen == {"k": 1}
    rows, _ = answered(
        [dict(zip("xko", row, strict=True)) for row in zip(*cells().values(), strict=True)]
    )
    pd.testing.assert_frame_equal(rows, wanted)
    text = SERVICE.answer(ROWS.to_csv(index=False).encode(), CSV).decode()
    found = [line.split(",") for line in text.splitlines()]
    assert found[0] == list(wanted)
    assert [line[0] for line in found[1:]] == wanted["prediction"].tolist()
    shares = np.array([line[1:] for line in found[1:]], dtype=float)
    np.testing.assert_allclose(shares, wanted.iloc[:, 1:])


UNREADABLE = {
    b'[{"age": 1, "age": 2}]': "the body holds 'age' twice in one object",
    b"[{": "the body is not valid JSON: line 1, column 3",
    b"\xff": "the body is not UTF-8 text: byte 1",
    b"[" * 40 + b"]" * 40: "the body must be nested at most 32 deep",
    b"[NaN]": "the body",
    b'{"x": [1e400], "k": ["a"], "o": ["a"]}': "the body",
    b"3": "the body must be a list of objects, or an object of lists: 3",
}
WRONG = {
    b"[]": "the body has no row",
    b"{}": "the body has no row",
    b'{"x": 1}': "column 'x' must be a list, got 1",
    b'{"x": [1], "k": []}': "column 'k' must have 1 values, as others do, got 0",
    b"[1]": "row 1 must be an object, got 1",
    b'[{"k": "a", "o": "a"}, {"k": "a"}]': "column 'o' is missing in row 2: null means",
    b'[{"x": 1}]': "column 'k' is missing (columns: x)",
    b'{"x": [[1]], "k": ["a"], "o": ["a"]}': "column 'x' must hold numbers, text, true, false or"
    " null, got [1] in row 1",
    b'{"x": [1, "?"], "k": ["a", "a"], "o": ["a", "a"]}': "column 'x' must hold a number, got '?'"
    " in row 2",
    b'{"x": [1e300], "k": ["a"], "o": ["a"]}': "x holds numbers that are too large",
}
MANY = "the body must have at most 50 rows, got more"
CASES = [
    *((body, JSON, BadBody, message) for body, message in UNREADABLE.items()),
    *((body, JSON, UserError, message) for body, message in WRONG.items()),
    (b"", CSV, BadBody, "body.csv is empty"),
    (b"x,k,o\n", CSV, UserError, "the body has no row"),
    (b"x,k,o\n1,a,z\n", CSV, UserError, "column 'o' must hold one of a, b, got 'z' in row 1"),
    (b"x,k,o\n" + b"1,a,a\n" * 51, CSV, TooLarge, MANY),
    (json.dumps({"x": [1] * 51}).encode(), JSON, TooLarge, MANY),
    (json.dumps([{}] * 51).encode(), JSON, TooLarge, MANY),
]


@pytest.mark.parametrize(("body", "kind", "error", "message"), CASES)
def test_refusals(body: bytes, kind: str, error: type[UserError], message: str) -> None:
    """One line that names the column and the row; its class decides the status."""
    with pytest.raises(UserError) as caught:
        SERVICE.answer(body, kind)
    assert (type(caught.value), str(caught.value)[: len(message)]) == (error, message)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(("name", "value"), [("megabytes", 0), ("rows", 0), ("seconds", 4000)])
def test_limits(name: str, value: int) -> None:
    """Named as the option that sets them."""
    with pytest.raises(UserError, match=f"--{name} must be"):
        Limits(**{name: value})


def test_decisions() -> None:
    """The same probabilities, but another class; of a number the ends of its interval."""
    body = json.dumps(cells()).encode()
    usual = json.loads(SERVICE.answer(body, JSON))["predictions"]
    never = Service(MODEL, SERVICE.limits, Decisions(threshold=Threshold(1.0)))
    found = json.loads(never.answer(body, JSON))["predictions"]
    assert found == usual | {"prediction": ["no"] * 3}
    always = Service(MODEL, SERVICE.limits, Decisions(threshold=Threshold(1.0, place=0)))
    assert b"yes" in always.answer(b"x,k,o\n1,a,a\n", CSV).splitlines()[1]
    assert always.about() == MODEL.schema.to_dict() | {"threshold": {"class": "no", "above": 1.0}}
    model = predictor([number("x")], NUMBER, "linear", "mse")
    model.validation = ValidationRecord([Residuals.of(np.arange(1.0, 20.0), None)])
    service = Service(model, Limits(), Decisions(interval=0.9))
    (row,) = json.loads(service.answer(b'[{"x": 2}]', JSON))["predictions"]
    low, high = model.predict_interval([[2.0]])[0]
    assert (row["low"], row["high"]) == (low, high)
    assert low < row["prediction"] < high
    assert service.about() == model.schema.to_dict() | {"interval": 0.9}


def test_what_is_no_finite_number() -> None:
    """JSON has no infinity: it is null."""
    answers = {"prediction": np.array([1.0, np.inf])}
    assert json.loads(json_of(answers, {}, by_row=True))["predictions"] == [
        {"prediction": 1.0},
        {"prediction": None},
    ]
    numbers = Service(predictor([number("x")], NUMBER, "linear", "mse"), Limits())
    assert json.loads(numbers.answer(b'{"x": [true]}', JSON))["unseen_levels"] == {}
