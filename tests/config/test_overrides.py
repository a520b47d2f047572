"""Words as a shell hands them on, and as Hydra then reads them."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from mlp_lab.config.overrides import (
    Setting,
    readable,
    require_names,
    require_short_numbers,
    require_unicode,
    setting_of,
    settings_in,
)
from mlp_lab.errors import UserError
from mlp_lab.formatting import in_a_list


@pytest.mark.parametrize("key", ["delimiter", "decimal", "quote"])
@pytest.mark.parametrize("typed", [";", ",", "|", "'", '"', ":", "\t", "\\t", "auto", "a", ""])
def test_signs_as_a_shell_hands_them_on(key: str, typed: str) -> None:
    """`data.delimiter=';'` loses its quotes before the command sees it."""
    (read_back,) = OverridesParser.create().parse_overrides([readable(f"data.{key}={typed}")])
    assert read_back.value() == typed.replace("\\t", "\t")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("data.path=Übung (1).csv", "Übung (1).csv"),
        ("data.path=a=b & c.csv", "a=b & c.csv"),
        ("data.path=/a b/c.csv", "/a b/c.csv"),
        ("data.path='größe, (x).csv'", "größe, (x).csv"),
        ("data.path=it's.csv", "it's.csv"),
        ('data.path=it\'s "1".csv', 'it\'s "1".csv'),
        ("data.path=~/a.csv", str(Path.home() / "a.csv")),
        ("data.path=C:\\größe\\", "C:\\größe\\"),
        ("data.path=it's C:\\ö\\", "it's C:\\ö\\"),
        ("resume=Läufe (alt)/1", "Läufe (alt)/1"),
        ("data.target=größe", "größe"),
        ("data.target=age", "age"),
        ("data.drop=[a b, R&D , Income (net),größe]", ["a b", "R&D", "Income (net)", "größe"]),
        ("data.drop=[Größe, zip code,'a,b']", ["Größe", "zip code", "a,b"]),
        ("data.missing=[-9,n/a,k.A.,'a, b']", [-9, "n/a", "k.A.", "a, b"]),
        ("data.missing=[]", []),
        ("data.features=null", None),
        ("data.types={zip code: category}", {"zip code": "category"}),
        ("loss=auto", "auto"),
    ],
)
def test_names_as_people_choose_them(typed: str, value: object) -> None:
    """Of files and columns: what Hydra would take for grammar, or not take at all, is quoted."""
    (read_back,) = OverridesParser.create().parse_overrides([readable(typed)])
    assert read_back.value() == value


def test_several_names_are_a_sweep() -> None:
    """The home folder may be in each of them."""
    typed = "data.path=a.csv,ü (1).csv,~/b.csv"
    (several,) = OverridesParser.create().parse_overrides([readable(typed)])
    assert several.is_choice_sweep()
    assert list(several.sweep_string_iterator()) == [
        "a.csv",
        "'ü (1).csv'",
        str(Path.home() / "b.csv"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        *("model.width=[1,2", "epochs==5", "epochs=", "seed=0,1", "~epochs", "model.width=(1)"),
        *("data.fold=range(0,3)", "data.target=choice(a,b)", "data.target=choice(ä,b)"),
        *("resume", "data.path"),
    ],
)
def test_other_words_stay_as_they_are(typed: str) -> None:
    """What cannot be read is refused by the words that were typed."""
    assert readable(typed) == typed


def test_a_number_that_python_does_not_read() -> None:
    """Refused by its key, before Hydra parses it."""
    require_short_numbers(["seed=" + "9" * 300, "-m", "data=iris"])
    with pytest.raises(UserError, match=r"^seed must be of at most 300 digits, got thousands$"):
        require_short_numbers(["data=iris", "seed=" + "9" * 5000])


@pytest.mark.parametrize(
    "word", ["model=[1]", "data=[iris,2]", "+experiment=[[a]]", "hydra/launcher=[1.5]"]
)
@pytest.mark.parametrize("swept", [False, True])
def test_groups_are_chosen_by_names(word: str, swept: bool) -> None:
    """Among others, too: Hydra has no word for what is none."""
    key = word.partition("=")[0].lstrip("+")
    with pytest.raises(UserError, match=f"^{key} must be chosen by the name of one of its files"):
        require_names(["epochs=1", word + ",a" * swept])


@pytest.mark.parametrize("word", ["model=deep", "seed=[1]", "data.drop=[1]", "model=[a,b]", "x=("])
def test_other_lists_are_for_others_to_check(word: str) -> None:
    """Also what cannot be read."""
    require_names([word])


def test_words_that_no_file_could_hold() -> None:
    """A name in another encoding, as Python has it from the command line."""
    require_unicode(["hydra.run.dir=Größe"])
    with pytest.raises(
        UserError, match=r"^words must be Unicode text, got 'hydra.run.dir=b\\udcff'"
    ):
        require_unicode(["epochs=1", "hydra.run.dir=b\udcff"])


@pytest.mark.parametrize("ending", ["y}", "oc.env:PATH}", "y", "y} and \\${seed}", "y}\\"])
@pytest.mark.parametrize("backslashes", range(4))
def test_a_name_is_never_a_reference(backslashes: int, ending: str) -> None:
    """However it is spelled, Hydra and OmegaConf give it back as it is, and so do we."""
    name = f"a{backslashes * chr(92)}${{{ending}"
    word = f"data.target={in_a_list(name)}"
    (override,) = OverridesParser.create().parse_overrides([word])
    assert OmegaConf.create({"target": override.value()}).target == name
    assert setting_of(word).value == name


def test_settings_in_a_sentence() -> None:
    """Those that messages print, whatever the columns are called, and what stands before them."""
    reason, found = settings_in(
        "it's w: data.weight=w, 'data.missing_in.net pay=[-9,refused]' or data.drop=[a,'b c']"
    )
    assert reason == "it's w"
    assert found == [
        Setting("weight", None, "w"),
        Setting("missing_in", "net pay", [-9, "refused"]),
        Setting("drop", None, ["a", "b c"]),
    ]
    assert settings_in("data.missing_in says it for others alone") == (
        "data.missing_in says it for others alone",
        [],
    )
    for word in ("epochs=3", "data=table", "data.missing=[", "data.drop=a,b", "plain"):
        with pytest.raises(UserError, match=r"^a setting of the data is typed as "):
            setting_of(word)
