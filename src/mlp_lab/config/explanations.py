"""What each setting means, from the comments of the YAML files: `--help`, in 80 columns."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from mlp_lab.config.groups import choices, chosen, config_folder
from mlp_lab.config.reading import unknown_key
from mlp_lab.config.schema import CONFIG_NAME, GROUPS
from mlp_lab.errors import UserError, require_choice
from mlp_lab.stored import read_text

WIDTH, COLUMN = 80, 28
"""Letters of a line, and those before an explanation."""

LINE = re.compile(r"(?P<indent> *)(?P<key>\w+):(?: +(?P<value>'[^']*'|\[.*?\]|\{.*?\}|[^#]*?))?")
COMMENT = re.compile(r" +# ?(?P<words>.*)$")

ALL_GROUPS = (*GROUPS, "experiment")

NOT_SHOWN = ("defaults", "hydra", *ALL_GROUPS)
"""Keys of the files that are no settings."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A key, its default, what its comment says, and the choices of its group that have it."""

    key: str
    value: str
    words: str
    owners: tuple[str, ...] = ()


@cache
def file_of(path: str) -> tuple[str, tuple[Explained, ...]]:
    """The heading of a file of configs/, without its command, and its keys with their comments."""
    lines = read_text(config_folder() / f"{path}.yaml", megabytes=1).splitlines()
    count = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    heading = [line.removeprefix("#").strip() for line in lines[:count]]
    sentences = [line for line in heading if line and not line.startswith(("python ", "@package"))]
    return " ".join(sentences), tuple(_keys(lines[count:]))


def _keys(lines: Sequence[str]) -> Iterator[Explained]:
    """Leaves of a file by dotted key; a comment on a section is part of none."""
    sections: list[tuple[int, str]] = []
    for line in lines:
        comment = COMMENT.search(line)
        found = LINE.fullmatch(line[: comment.start()] if comment else line.rstrip())
        if found is None:
            continue
        indent = len(found["indent"])
        sections = [section for section in sections if section[0] < indent]
        key = ".".join([*(name for _, name in sections), found["key"]])
        if key.partition(".")[0] == "defaults":
            continue
        if not found["value"]:
            sections.append((indent, found["key"]))
        else:
            yield Explained(key, found["value"], comment["words"] if comment else "")


def settings() -> list[Explained]:
    """Keys outside of groups: of a run, then of the command."""
    found: dict[str, Explained] = {}
    for each in (*file_of(CONFIG_NAME)[1], *file_of("settings")[1]):
        if not _of(each.key, NOT_SHOWN):
            found.setdefault(each.key, each)
    return list(found.values())


def _of(key: str, sections: Sequence[str]) -> bool:
    return key.partition(".")[0] in sections


@cache
def group(name: str) -> tuple[Explained, ...]:
    """The keys that a group's choices have, each once, with the first comment on it.

    A default that is not the same for all of them is left out.
    """
    names = shipped(name)
    values = {choice: cast(Mapping[str, object], chosen(name, choice)[name]) for choice in names}
    first: dict[str, Explained] = {}
    defaults: dict[str, set[str]] = {}
    for path in [*(f"{name}/{choice}" for choice in names), *(["parts"] * (name == "data"))]:
        for each in file_of(path)[1]:
            key = each.key if each.key.startswith(f"{name}.") else f"{name}.{each.key}"
            defaults.setdefault(key, set()).add(each.value)
            if key not in first or (each.words and not first[key].words):
                first[key] = each
    found = []
    for key, each in first.items():
        last = key.removeprefix(f"{name}.")
        owners = tuple(choice for choice in names if last in values[choice])
        value = each.value if len(defaults[key]) == 1 else ""
        if owners and last != "name":
            found.append(Explained(key, value, each.words, owners))
    return tuple(found)


def shipped(name: str) -> list[str]:
    """Choices of a group that have a file."""
    folder = config_folder() / name
    return [choice for choice in choices(name) if (folder / f"{choice}.yaml").is_file()]


MOST_NAMED = 5
"""Choices of a group that are named beside a key."""


def help_text(topics: Sequence[str], words: str) -> str:
    """What `--help` says, of everything or of some groups and keys; `words` start a training.

    Raises:
        UserError: there is no such group or key.
    """
    if not topics:
        return "\n".join(_overview(words))
    return "\n\n".join("\n".join(_topic(topic)) for topic in topics)


def _overview(words: str) -> Iterator[str]:
    yield "mlp_lab trains a multilayer perceptron and says what happened."
    yield ""
    for example in (
        "model=deep optimizer=adam",
        "-m model.width=16,32,64 seed=0,1,2",
        "resume=outputs/2026-01-31/12-00-00-abc123 epochs=100",
    ):
        yield f"  {words} {example}"
    yield from ("", "== Groups, chosen by name (data=iris); --help GROUP explains one ==")
    for name in ALL_GROUPS:
        yield from _wrapped(f"{name}: {', '.join(shipped(name))}", "  ")
    yield from ("", "== Settings, changed by key (epochs=100); --help KEY explains one ==")
    for each in settings():
        yield from _lines(each)
    yield ""
    yield "--cfg job shows a composed config, --info how it came about, -m runs several values."


def _topic(topic: str) -> Iterator[str]:
    name, _, choice = topic.partition("=")
    if name in ALL_GROUPS:
        yield from _of_group(name, choice)
        return
    everything = [*settings(), *(each for one in GROUPS for each in group(one))]
    found = [e for e in everything if e.key == name or e.key.startswith(f"{name}.")]
    found = found or [each for each in everything if each.key.rpartition(".")[2] == name]
    if not found:
        raise _unknown(name, [each.key for each in everything])
    for each in found:
        for variant in variants(each):
            yield from _lines(variant, all_of=_all_of(each.key), most=len(variant.owners))


def _unknown(name: str, keys: Sequence[str]) -> UserError:
    """What to say of a topic that there is not; nobody reads a list of all keys."""
    sections = dict.fromkeys(key.partition(".")[0] for key in keys)
    said = str(unknown_key(name, [*ALL_GROUPS, *keys]))
    return UserError(re.sub(r" \(.*\)$", f" ({', '.join(sections)})", said))


def variants(each: Explained, *, by_default: bool = True) -> list[Explained]:
    """A key of a group once for each meaning that it has, with the choices that have that one.

    `by_default`: once for each default, too.
    """
    name, _, last = each.key.partition(".")
    owners: dict[tuple[str, str], list[str]] = {}
    for choice in each.owners:
        values = cast(Mapping[str, object], chosen(name, choice)[name])
        value = shown_value(values[last]) if by_default else each.value
        words = _comments(name, choice).get(last, each.words)
        owners.setdefault((value, words), []).append(choice)
    return [
        replace(each, value=value, words=words, owners=tuple(those))
        for (value, words), those in owners.items()
    ] or [each]


@cache
def _comments(name: str, choice: str) -> dict[str, str]:
    """Field -> comment in a choice's file, or in the one of its group that it begins with."""
    text = read_text(config_folder() / name / f"{choice}.yaml", megabytes=1)
    first = re.findall(r"^  - (\w+)$", text, re.MULTILINE)
    others = [found for found in first if found != "_self_"]
    inherited = _comments(name, others[0]) if others else {}
    explained = file_of(f"{name}/{choice}")[1]
    return inherited | {e.key.removeprefix(f"{name}."): e.words for e in explained if e.words}


def _of_group(name: str, choice: str) -> Iterator[str]:
    """The choices of a group, or one of them, and the keys that they have."""
    names = shipped(name)
    if choice:
        require_choice(choice, name, names)
    for each in names:
        if choice in ("", each):
            yield from _entry(f"{name}={each}", file_of(f"{name}/{each}")[0])
    keys = [] if name == "experiment" else group(name)
    shown = [each for each in keys if not choice or choice in each.owners]
    if shown:
        yield ""
    own = cast(Mapping[str, object], chosen(name, choice)[name]) if shown and choice else {}
    for key in shown:
        for variant in variants(key, by_default=False):
            if not choice:
                yield from _lines(variant, all_of=len(names))
            elif choice in variant.owners:
                value = shown_value(own.get(key.key.partition(".")[2]))
                yield from _lines(replace(variant, value=value))


def shown_value(value: object) -> str:
    """A default as YAML has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _all_of(key: str) -> int:
    section = key.partition(".")[0]
    return len(shipped(section)) if section in GROUPS else 0


def _lines(each: Explained, all_of: int = 0, most: int = MOST_NAMED) -> Iterator[str]:
    """A key with its default and what it means; which choices have it, unless all do."""
    few = each.owners and len(each.owners) < all_of and len(each.owners) <= most
    only = f" (of {', '.join(each.owners)})" if few else ""
    yield from _entry(
        f"{each.key}: {each.value}" if each.value else each.key, f"{each.words}{only}".strip()
    )


def _entry(head: str, words: str) -> Iterator[str]:
    """Two columns; a long head has a line of its own."""
    lines = textwrap.wrap(words, WIDTH - COLUMN - 2) or [""]
    if len(head) > COLUMN - 2:
        yield f"  {head}".rstrip()
    else:
        yield f"  {head:{COLUMN}}{lines.pop(0)}".rstrip()
    yield from (f"{'':{COLUMN + 2}}{line}" for line in lines if line)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")
