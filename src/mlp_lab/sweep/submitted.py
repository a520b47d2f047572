"""Which tasks of a cluster a sweep has submitted, so that a later command can follow them."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mlp_lab.errors import UserError
from mlp_lab.files import write_whole
from mlp_lab.plain import read_as
from mlp_lab.stored import naming, read_json
from mlp_lab.sweep.chunks import CLUSTER

FILE = "tasks.json"

NAME = re.compile(r"\w[\w.-]*")
"""What a cluster calls a task."""


@dataclass(slots=True)
class Submitted:
    """Tasks that had not come to an end, by chunk; and the number of the next chunk."""

    next: int = 0
    tasks: dict[int, str] = field(default_factory=dict)

    @classmethod
    def load(cls, sweep: Path) -> "Submitted":
        """Read what an earlier command has written down; nothing where there was none.

        Raises:
            UserError: it cannot be read.
        """
        path = sweep / CLUSTER / FILE
        if not path.is_file():
            return cls()
        found = read_json(path, megabytes=16)
        with naming(path):
            submitted = read_as(cls, found)
            for chunk, name in submitted.tasks.items():
                if NAME.fullmatch(name) is None or chunk >= submitted.next:
                    raise UserError(f"tasks must be names by chunk, got {chunk}: {name!r}")
        return submitted

    def save(self, sweep: Path) -> None:
        """Write it whole."""
        write_whole(sweep / CLUSTER / FILE, json.dumps(asdict(self)) + "\n")
