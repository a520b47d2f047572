"""The live page in a notebook that is run from top to bottom: a widget, and its engine."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("anywidget")
nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

MADE = """
import pandas as pd
import mlp_lab
frame = pd.DataFrame({"age": [20, 30, 40, 50, 60] * 10, "voted": ["yes", "no"] * 25})
page = mlp_lab.play(frame, target="voted", width=3, epochs=3)
page
"""
WATCHED = """
told = []
page._widget.send = lambda content, buffers=None: told.append((content, buffers))
page._hear(None, {"do": "hello"}, [])
page._hear(None, {"do": "epoch"}, [])
import asyncio
from mlp_lab.play.frames import unpack
def epochs():
    return [unpack(own[0])[0].get("epoch") for _, own in told if own]
while 1 not in epochs():
    await asyncio.sleep(0.01)
scene = unpack(told[0][1][0])[0]
print(scene["target"], scene["sizes"])
page.close()
page._live.process.join()
print(page._live.process.is_alive())
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the client's own libraries
def test_a_frame_in_a_notebook(tmp_path: Path) -> None:
    """By this interpreter: the cell shows a widget, whose engine answers what a page asks."""
    cells = [nbformat.v4.new_code_cell(own) for own in (MADE, WATCHED)]
    client = nbclient.NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        kernel_name="python3",
        timeout=300,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable
    made, watched = client.execute().cells
    (shown,) = made.outputs
    assert "application/vnd.jupyter.widget-view+json" in shown.data
    assert any("attachShadow" in state.get("_esm", "") for state in client.widget_state.values())
    printed = "".join(output.text for output in watched.outputs)  # in pieces of any size
    assert printed == "voted [1, 3, 3, 1]\nFalse\n"
