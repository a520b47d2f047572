"""What a ranking says, in the words and numbers that the terminal, the page and tables share."""

import shlex
from collections import Counter
from collections.abc import Sequence

from mlp_lab.compare.against_baseline import difference, warning
from mlp_lab.compare.ranking import Ranking
from mlp_lab.compare.records import RunRecord
from mlp_lab.compare.settings import Setting
from mlp_lab.compare.statistics import standard_error
from mlp_lab.config.composition import of_the_command
from mlp_lab.config.schema import LABELS
from mlp_lab.formatting import counted, error_written, score_written
from mlp_lab.program import train_words

UNTESTED = (
    "no significance test: it takes two or more runs of each setting on the same seeds or folds:"
    " try seed=0,1,2 or cv=5"
)
ALONE = "no other setting has finished all its runs: there is nothing to compare it with"
ONLY_ONE = "only one setting: there is nothing to compare it with"


def significance(ranking: Ranking) -> str:
    """How sure the first place is, in a sentence."""
    if len(ranking.settings) == 1:
        return ONLY_ONE
    if ranking.tied is None:
        others = [s for s in ranking.settings[1:] if s.whole == ranking.best.whole]
        return UNTESTED if others else ALONE
    if ranking.comparisons.too_few:
        return too_few_words(ranking)
    test = how_tested(ranking)
    if not ranking.tied:
        return f"all others are significantly worse ({test})"
    words = f"not significantly worse: {counted(len(ranking.tied), 'setting')} ({test})"
    doubtful = len(ranking.comparisons.doubtful)
    if doubtful:
        words += f", {doubtful} of them for too few runs to tell"
    simplest = ranking.simplest
    if simplest is not ranking.best:
        words += f"; the simplest: {simplest.label}, {simplest.parameters:,} parameters"
    return words


def too_few_words(ranking: Ranking) -> str:
    """That the comparison could hardly have found anything."""
    runs = len(ranking.best.scores)
    return (
        f"too few seeds to tell: with {runs} runs of each, one of {ranking.compared + 1} settings"
        f" is worse where the first leads by {ranking.comparisons.reach:.0f} standard errors: try"
        " seed=0,1,2,3,4"
    )


def how_tested(ranking: Ranking) -> str:
    """The test by which settings are called worse, and whose variance it goes by."""
    found = ranking.comparisons
    if found.pooled:
        of = "all" if found.pooled == found.compared + 1 else f"the first {found.pooled}"
        test = f"Dunnett's test, 95 %, {found.compared} comparisons"
        return f"{test}; variance pooled over {of} settings"
    words = "paired t-tests, 95 %"
    if found.compared > 1:
        words += f", Bonferroni-corrected for {found.compared} comparisons"
        words += f"; variances not pooled: {found.why_not}"
    return words


def cautions(ranking: Ranking) -> list[str]:
    """What speaks against the setting that was chosen: a baseline, its own verdict, the data."""
    best, found = ranking.best, []
    words = warning(
        *(best, ranking.baseline, ranking.score, ranking.overlap),
        higher_is_better=ranking.higher_is_better,
    )
    if words:
        found.append(f"the best setting is {words}")
    verdict = verdicts_on(best)
    if verdict and not verdict.startswith(SOUND):
        found.append(f"verdict on the best setting: {verdict}")
    return [*found, *_doubts(best)]


def _doubts(setting: Setting) -> list[str]:
    """Notes by which the scores of most of its runs say little, as one of them puts it."""
    verdicts = [run.result.get("verdict", {}) for run in setting.runs]
    notes = [
        note
        for verdict in verdicts
        for note in verdict.get("notes", [])
        if note.get("kind") in DOUBTS
    ]
    counts = Counter(note["kind"] for note in notes)
    said = {note["kind"]: f"the best setting: {note['words']}" for note in reversed(notes)}
    return [said[kind] for kind in DOUBTS if 2 * counts[kind] > len(verdicts)]


DOUBTS = ("suspiciously good", "repeated rows", "later rows differ")
"""Notes on the data that no other setting of the network mends."""

SOUND = ("good fit", "undecided")
"""Verdicts that do not speak against a setting."""


def standing(ranking: Ranking, place: int) -> str:
    """What a table says of a setting beside its numbers."""
    setting = ranking.settings[place]
    if not setting.whole:
        return f"{len(setting.runs) - len(setting.scores)} of {len(setting.runs)} runs missing"
    if place == 0:
        return "best"
    if ranking.tied is None or place not in ranking.tied:
        return ""
    found = ranking.comparisons
    return "cannot tell" if found.too_few or place in found.doubtful else "≈ best"


def headings_of(ranking: Ranking, score: str, error: str) -> list[str]:
    """The headings of `numbers_of`, from those of the score and of its standard error."""
    against = [] if ranking.baseline is None else [f"minus {ranking.baseline}"]
    return [score, error, *against, "runs", "parameters"]


def numbers_of(ranking: Ranking, setting: Setting) -> list[str]:
    """Mean score, its standard error, difference to the best baseline, runs and parameters."""
    error = "" if setting.error is None else error_written(setting.error)
    mean = score_written(ranking.score, setting.mean) if setting.scores else ""
    ahead = difference(setting, ranking.baseline)
    against = [] if ranking.baseline is None else ["" if ahead is None else str(ahead)]
    return [mean, error, *against, str(len(setting.runs)), f"{setting.parameters:,}"]


def baselines(ranking: Ranking) -> str:
    """Mean scores of the baselines on the rows that the best setting was chosen by."""
    found = ranking.best.baselines.items()
    return ", ".join(
        f"{name} {plus_minus(ranking.score, list(scores.values()))}" for name, scores in found
    )


def plus_minus(score: str, values: Sequence[float]) -> str:
    """Mean and standard error of a score in words.

    >>> plus_minus("accuracy", [0.5, 0.75]), plus_minus("rmse", [0.5])
    ('0.6250 ± 0.12', '0.5000')
    """
    if not values:
        return "none"
    error = standard_error(values)
    mean = score_written(score, sum(values) / len(values))
    return f"{mean} ± {error_written(error)}" if error else mean  # baselines may know no seeds


def verdict_on(record: RunRecord) -> str:
    """How a run went; nothing if it failed."""
    return str(record.result.get("verdict", {}).get("kind", ""))


def verdicts_on(setting: Setting) -> str:
    """How most of its runs went, and how many they are unless all."""
    found = [kind for run in setting.runs if (kind := verdict_on(run))]
    for kind, count in Counter(found).most_common(1):
        return kind if count == len(found) else f"{kind} {count}/{len(found)}"
    return ""


def scores_on_test_rows(setting: Setting, score: str) -> list[float]:
    """Scores of the best setting on the test rows; the one place of a sweep that looks at them."""
    found = [run.result.get("test", {}).get(score) for run in setting.runs if not run.reason]
    return [value for value in found if value is not None]


def command_of(ranking: Ranking) -> str:
    """What trains the best setting alone: everything that its runs set, replicates left out.

    Not `data.split_seed`: another would take rows for testing that the setting was chosen by.
    """
    repeated = {key for key in ranking.replicates if key != "data.split_seed"}
    if repeated & {"data.fold", "data.repeat"}:
        repeated |= {"data.folds", "data.fold", "data.repeat"}
    overrides = ranking.best.first_finished.result.get("overrides", [])
    words = [
        word
        for word in map(str, overrides)
        if not of_the_command(word)
        and (key := word.lstrip("+~").partition("=")[0]) not in (*repeated, "quiet", *LABELS)
        and not key.startswith("tracking.")
    ]
    return shlex.join([*train_words(), *words])
