"""What chance may have done to the claims of all lessons together."""

from collections.abc import Mapping
from typing import Any

from mlp_lab.lessons.claims import FAILS, HOLDS, holm
from mlp_lab.lessons.lesson import WRONG


def on_all_lessons(described: Mapping[str, Mapping[str, Any]]) -> str:
    """Sentences on the claims of several lessons, from what their measurements.json say.

    Quick forms are left out. Holm's correction is made once over all claims.
    """
    full = {name: lesson for name, lesson in described.items() if not lesson["quick"]}
    found = {
        f"{name}: {finding['claim']} ({finding['measure']})": finding
        for name, lesson in full.items()
        for finding in lesson["findings"]
    }
    count = len(found)
    decided = [name for name, finding in found.items() if finding["verdict"] in (HOLDS, FAILS)]
    kept = holm({name: finding["p_value"] for name, finding in found.items()})
    lines = [
        f"{count} claims of {len(full)} lessons, {len(decided)} of them decided; by chance at most"
        f" {count * WRONG:.2g} of {count} verdicts are wrong in the mean. After Holm's correction"
        f" over all of them {len(kept)} are decided.",
        *(f"Not after it: {name}" for name in decided if name not in kept),
    ]
    return "\n".join(lines)
