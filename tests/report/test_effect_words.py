"""Sentences about what columns do."""

from dataclasses import replace

from mlp_lab.metrics.effect import Effect
from mlp_lab.report.effect_words import predicted_words, sentence

AGE = Effect(
    *("age", "yes", [], [20.0, 40.0, 60.0], [0.41, 0.5, 0.68], [0.3] * 3, [0.8] * 3),
    change=(0.27, 0.2, 0.33),
)
SUBJECT = "From 20 to 60 of age the predicted probability of voted=yes "


def test_it_rises_and_falls() -> None:
    """With the interval of the change."""
    assert sentence("voted", AGE) == (
        f"{SUBJECT}rises from 0.41 to 0.68 (by 0.27; 95 % interval 0.2 to 0.33)."
    )
    falling = replace(AGE, mean=AGE.mean[::-1], change=(-0.27, -0.33, -0.2))
    assert sentence("voted", falling) == (
        f"{SUBJECT}falls from 0.68 to 0.41 (by 0.27; 95 % interval 0.2 to 0.33)."
    )


def test_it_may_do_neither() -> None:
    """The sign is not known, and the curve goes beyond its ends."""
    bowl = replace(AGE, mean=[0.6, 0.3, 0.61], change=(0.01, -0.02, 0.04))
    assert sentence("voted", bowl) == (
        f"{SUBJECT}goes from 0.6 to 0.61 (by 0.01; 95 % interval -0.02 to 0.04);"
        " it is lowest at 40, 0.3."
    )
    hill = replace(AGE, mean=[0.3, 0.6, 0.31], change=(0.01, -0.02, 0.04))
    assert sentence("voted", hill).endswith("; it is highest at 40, 0.6.")


def test_levels_and_numbers() -> None:
    """The highest and the lowest level; of a number in its own units."""
    town = Effect(
        *("town", "", ["Bonn", "Ulm"], [0.0, 1.0], [2100.0, 1900.0], [0.0] * 2, [1.0] * 2),
        change=(200.0, 150.0, 260.0),
    )
    assert sentence("pay", town) == (
        "The predicted pay is highest for town=Bonn, 2100, and lowest for town=Ulm, 1900"
        " (difference 200; 95 % interval 150 to 260)."
    )
    assert predicted_words("pay", town) == "predicted pay"
