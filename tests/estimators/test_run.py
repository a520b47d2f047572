"""What train gives."""

import mlp_lab


def test_what_it_shows() -> None:
    run = mlp_lab.train("moons", epochs=3, depth=1, width=4)
    lines = repr(run).splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["network", "constant", "logistic"]
    assert lines[5].startswith("sigmoid output, loss bce, 17 parameters, best epoch")
    assert "try: epochs=15" in lines[-1]
    page = run._repr_html_()
    assert "<table" in page
    assert "data:image/png;base64," in page
    assert str(run.verdict).splitlines()[-1] == "try: epochs=15"
    assert "Rule: " in run.verdict._repr_markdown_()
    assert run.status == "completed"
    assert run.plot().get_ylabel() == "loss"
    assert str(run.network).startswith("Sequential")
    assert run.settings["epochs"] == 3
