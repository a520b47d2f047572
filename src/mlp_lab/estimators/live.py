"""`mlp_lab.play`: the live page in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from mlp_lab.config.groups import chosen
from mlp_lab.config.recipe import settled
from mlp_lab.config.schema import Config
from mlp_lab.errors import UserError
from mlp_lab.estimators.data import Data, data_settings
from mlp_lab.estimators.settings import config_of, from_words, key_of, plain, values_of
from mlp_lab.files import write_whole
from mlp_lab.formatting import in_a_list, literal, quoted, typed_value
from mlp_lab.play.lineup import begin
from mlp_lab.play.settings import COPIES
from mlp_lab.play.widget import LivePage
from mlp_lab.runs.prepared_data import PreparedDataCache

FRAME = "frame.csv"


def play(
    data: Data | None = None, *words: str, target: str | None = None, **settings: object
) -> LivePage:
    """Watch a network learn in a notebook, and change its settings meanwhile.

    Args:
        data: a DataFrame, the path of a table, or a name such as "digits"; two spirals by default.
        words: settings as on the command line; one may have several values,
            `"optimizer.lr=0.01,0.1"`, whose networks train side by side.
        target: the column to predict of a DataFrame or a file.
        settings: by keyword, `width=3`.

    Returns:
        The page, shown where it is the value of a cell. `close()` ends its engine.

    Raises:
        UserError: rows or settings cannot be used, or there is no notebook.
    """
    given = [f"{key_of(name)}={typed_value(plain(value))}" for name, value in settings.items()]
    folder = TemporaryDirectory(prefix=COPIES)
    try:
        own = [] if data is None else _data_words(data, target, Path(folder.name))
        return LivePage(begin([*own, *words, *given], compose), compose, folder)
    except UserError as error:
        folder.cleanup()
        frame = str(Path(folder.name) / FRAME)  # the name of its file tells nobody anything
        raise UserError(str(error).replace(frame, "the DataFrame")) from error
    except BaseException:
        folder.cleanup()
        raise


def _data_words(data: Data, target: str | None, folder: Path) -> list[str]:
    """Words that choose some rows; a frame is put into a file, which the engine's process reads."""
    found = data_settings(data, target)
    if found["name"] != "table":
        return [f"data={found['name']}"]
    if isinstance(data, pd.DataFrame):
        file = StringIO()
        data.to_csv(file, index=False)
        data = folder / FRAME
        write_whole(data, file.getvalue())
    wanted = [] if target is None else [f"data.target={in_a_list(target)}"]
    return ["data=table", f"data.path={quoted(literal(str(data)))}", *wanted]


def compose(words: Sequence[str]) -> tuple[Config, dict[str, object]]:
    """The configuration of words, typed and as plain data; the engine's process calls it, too.

    Raises:
        UserError: a setting cannot be.
    """
    given = from_words(words)
    data = chosen("data", str(given.pop("data")))["data"]
    assert isinstance(data, dict)
    values, _ = settled(values_of(given, data), PreparedDataCache().facts)
    return config_of(values), values
