"""What of lessons can be watched: settings that a page takes, the same as of its own examples."""

import re

import pytest
from lab import ROOT
from played import compose

from mlp_lab.lessons.catalogue import LESSONS
from mlp_lab.lessons.watched import WATCHED
from mlp_lab.play.settings import Settings, begun, checked_words

MESSAGES = (ROOT / "frontend" / "src" / "messages.ts").read_text("utf-8")
WORD = re.compile(r'"([a-z_.]+=[^"]+)"')
TITLES = {
    "universal_approximation": "Joints of a shallow network",
    "activations": "Vanishing gradients",
    "optimizers": "Optimizers",
    "momentum_and_rates": "Learning rates",
    "under_and_overfitting": "Underfitting and overfitting",
    "double_descent": "Double descent",
}


def example(title: str) -> set[str]:
    """The words of an example of the page."""
    small = MESSAGES.partition("const SMALL = [")[2].partition("]")[0]
    words = MESSAGES.partition(f'title: "{title}",')[2].partition("question:")[0]
    return set(WORD.findall(words.replace("...SMALL", small)))


@pytest.mark.parametrize("name", WATCHED)
def test_the_page_asks_its_question_of_them(name: str) -> None:
    """It knows an example by its words, all of which must be there."""
    assert name in LESSONS
    words = begun(WATCHED[name])
    assert set(WATCHED[name]) == example(TITLES[name])
    assert checked_words(words)
    for variant in Settings.of(words).variants:
        compose(variant)
