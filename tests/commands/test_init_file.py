"""The file of settings: the one that the documentation shows, and names that YAML would misread."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from lab import call
from omegaconf import OmegaConf
from surveys import raw_of

from mlp_lab.commands.init_file import in_yaml
from mlp_lab.commands.main import main

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def documented_survey() -> pd.DataFrame:
    """The survey of the documentation, without a random number."""
    rows = np.arange(240)
    age, trust = 18 + rows * 37 % 71, rows * 7 % 11
    vote = np.array(["green", "red", "blue"])[(age // 24 + trust // 4 + rows % 2) % 3]
    return pd.DataFrame(
        {
            "person": rows + 1,
            "hh_id": 1001 + rows // 2,
            "age": age,
            "sex": np.array(["female", "male"])[rows // 3 % 2],
            "trust": np.where(rows % 19 == 4, 77, np.where(rows % 23 == 2, 88, trust)),
            "income": np.where(rows % 31 == 5, 9999, 900 + rows * 53 % 2900),
            "education": np.array(["primary", "secondary", "Secondary", "degree"])[rows % 17 % 4],
            "wt": np.round(0.55 + rows * 29 % 91 / 100, 2),
            "vote": np.where(rows % 41 == 7, "refused", vote),
        }
    )


def uncommented(text: str) -> str:
    """A file whose proposals, but for kinds that were found, all hold."""
    body, types, kinds = text.partition("types: {")
    return re.sub(r"^( +)# ", r"\1", body, flags=re.MULTILINE) + types + kinds


def written(folder: Path, frame: pd.DataFrame, *words: str) -> str:
    """The file that `mlp-lab init` writes of a table."""
    frame.to_csv(folder / "survey.csv", index=False)
    done = call(["init", "survey.csv", "-o", "vote.yaml", *words], folder, main, "mlp-lab")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\nmlp-lab train vote.yaml\n")
    return (folder / "vote.yaml").read_text()


def report_of(folder: Path) -> str:
    """What `mlp-lab train vote.yaml` understands."""
    done = call(["train", "vote.yaml", "data.report_only=true"], folder, main, "mlp-lab")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_documented_file(tmp_path: Path) -> None:
    """As the page shows it, to the letter; with and without its proposals one can train by it."""
    text = written(tmp_path, documented_survey(), "--target", "vote")
    (shown,) = re.findall(r"```yaml\n(# mlp-lab train .*?)```", PAGE.read_text(), re.DOTALL)
    assert text == shown
    assert "wt looks like" in report_of(tmp_path).replace("is read as an input and ", "")
    (tmp_path / "vote.yaml").write_text(uncommented(text))
    after = report_of(tmp_path)
    assert "rows are weighted by wt" in after
    assert "looks like" not in after
    assert "if they mean no answer" not in after
    done = call(["train", "vote.yaml", "epochs=2", "quiet=true"], tmp_path, main, "mlp-lab")
    assert (done.returncode, done.stderr) == (0, "")


NAMES = ["Age (years)", "Mother's job", "q:1", "2020", "größe", "a=b", "$pay", "[x]", "no", "${y}"]
"""Names that YAML or OmegaConf would take for something else."""


@pytest.mark.parametrize("name", NAMES)
def test_any_name(name: str, tmp_path: Path) -> None:
    """As a target, as a column with a code, and as one to leave out."""
    rows = np.arange(60)
    codes = np.where(rows % 9 == 1, 99, rows % 5)
    frame = pd.DataFrame({name: codes, f"{name} id": rows // 2, "z": rows * 7 % 13})
    text = written(tmp_path, frame.assign(y=["p", "q", "q"] * 20), "--target", "y")
    (tmp_path / "vote.yaml").write_text(uncommented(text))
    assert "apart from the others" in text
    assert "apart from the others" not in report_of(tmp_path)
    text = written(tmp_path, frame.assign(**{name: ["p", "q"] * 30}), "--target", name, "--force")
    assert "60 rows: " in report_of(tmp_path)


def test_what_is_known_holds(tmp_path: Path) -> None:
    """Settings that are typed are those of the file; what they settle is not proposed."""
    known = ["data.missing_in.trust=[77,88]", "data.weight=wt", "data.drop=[hh_id]"]
    known.append("data.levels.education=[primary,secondary,Secondary,degree]")
    text = written(tmp_path, documented_survey(), "--target", "vote", *known)
    data = yaml.safe_load(text)["data"]
    assert data["missing_in"] == {"trust": [77, 88]}
    assert (data["weight"], data["drop"]) == ("wt", ["hh_id"])
    assert data["levels"]["education"] == ["primary", "secondary", "Secondary", "degree"]
    assert "# education: category, # ordinal as found: " in text
    assert "# weight" not in text
    raw = raw_of(tmp_path / "survey.csv", "data.target=vote", *known)
    assert f"{len(raw.columns)} columns" in report_of(tmp_path)


def test_several_targets(tmp_path: Path) -> None:
    """A list, by an option for each."""
    text = written(tmp_path, documented_survey(), "--target", "age", "--target", "income")
    assert yaml.safe_load(text)["data"]["target"] == ["age", "income"]
    assert "income" in report_of(tmp_path)


LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=9)
VALUES = st.recursive(
    LETTERS | st.integers() | st.booleans() | st.none() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
@example("no")
@example("1e5")
@example({"2020": ["~", "${y}", "Ja: #1"]})
def test_a_value_is_read_again(value: object) -> None:
    """By the reader that the program's files go through; a file's control characters are shown."""
    config = OmegaConf.create(f"x: {in_yaml(value)}")
    read = OmegaConf.to_container(config, resolve=True)
    assert read == {"x": value}
