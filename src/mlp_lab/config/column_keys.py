"""Settings by column, as `data.types.zip code=category`: names that Hydra cannot read as keys.

Such a name is handed to Hydra as a key of plain letters, and is itself again in the configuration.
"""

import re
from collections.abc import Mapping

BY_COLUMN = ("types", "levels", "missing_in", "separators")
"""Settings of data= that a column's name follows."""

ENTRY = re.compile(rf"(\+*data\.(?:{'|'.join(BY_COLUMN)}))\.(.+?)=(\[.*|[\w,]*)", re.DOTALL)
SEPARATOR = re.compile(r"(\+*data\.separators)\.(.+?)=([^\w\s=]+|'[^']*'|\"[^\"]*\"|newline)")
"""A sign is no value of the other settings."""

GROUP = re.compile(rf"(\+*data\.(?:{'|'.join(BY_COLUMN)}|target_transform))=\{{(.*)\}}", re.DOTALL)
PAIR = re.compile(
    r"\s*('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^:]+?)\s*:\s*(\[[^\]]*\]|[^,\[]*)\s*(?:,|$)"
)
"""A name, perhaps in quotes, and its value."""

PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
MARK = "column_0x"
"""Before the bytes of a name, as hexadecimal digits."""

HIDDEN = re.compile(rf"{MARK}((?:[0-9a-f]{{2}})+)")


def hidden(name: str) -> str:
    """A name as a key that Hydra reads.

    >>> hidden("age"), hidden("q 1")
    ('age', 'column_0x712031')
    """
    quoted = len(name) > 1 and name[0] == name[-1] and name[0] in "'\""
    bare = re.sub(r"\\(['\"\\])", r"\1", name[1:-1]) if quoted else name
    return bare if PLAIN.fullmatch(bare) else f"{MARK}{bare.encode().hex()}"


def hidden_names(word: str) -> str:
    """A word of the command line whose names of columns Hydra can read.

    >>> hidden_names("data.types.q 1=category"), hidden_names("data.types.age=numeric")
    ('data.types.column_0x712031=category', 'data.types.age=numeric')
    """
    if found := SEPARATOR.fullmatch(word) or ENTRY.fullmatch(word):
        return f"{found[1]}.{hidden(found[2])}={found[3]}"
    found = GROUP.fullmatch(word)
    if found is None:
        return word
    pairs, at = [], 0
    for pair in PAIR.finditer(found[2]):
        if pair.start() != at:
            return word  # what this is, Hydra may say
        pairs.append(f"{hidden(pair[1])}: {pair[2]}")
        at = pair.end()
    return f"{found[1]}={{{', '.join(pairs)}}}" if at == len(found[2]) else word


def shown_names(text: str) -> str:
    """Text with the names that were hidden.

    >>> shown_names("data.types.column_0x712031=category")
    'data.types.q 1=category'
    """
    return HIDDEN.sub(lambda found: bytes.fromhex(found[1]).decode(errors="replace"), text)


def with_names(values: Mapping[str, object]) -> dict[str, object]:
    """A configuration as plain data, its columns under their own names."""
    data = values.get("data")
    if not isinstance(data, Mapping):
        return dict(values)
    own = {
        key: {shown_names(str(name)): entry for name, entry in group.items()}
        for key, group in data.items()
        if key in (*BY_COLUMN, "target_transform") and isinstance(group, Mapping)
    }
    return {**values, "data": {**data, **own}}
