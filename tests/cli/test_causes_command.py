"""The command `causes`: what it prints is the reading, and what is refused."""

import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws

GRAPH = 'f0 = ["f1", "return"]\nf1 = ["return"]\nmood = ["f2", "return"]\nf2 = ["return"]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place, panel = tmp_path_factory.mktemp("causes"), make_panel(assets=3, traded=2, other=1, periods=120, seed=2)
    bf.from_draws(panel, synthetic_draws(panel, draws=50)).save(place / "run.nc")
    (place / "graph.toml").write_text(GRAPH)
    (place / "few.toml").write_text('f0 = ["return"]\n')
    (place / "cycle.toml").write_text('f0 = ["return"]\nreturn = ["f0"]\n')
    return place


def test_it_prints_and_writes_the_reading(run, folder):
    status, out, err = run("causes", folder / "run.nc", folder / "graph.toml", "--csv", folder / "o.csv")
    assert (status, "Warning: " in err) == (1, True)  # two chains of 50 draws did not converge
    found = bf.causal_reading(bf.open_fit(folder / "run.nc"), folder / "graph.toml")
    lines = {line.split()[0]: line for line in reversed(out.splitlines()) if line.strip()}
    for one in found.readings:
        assert one.reading in lines[one.factor]
    words = " ".join(out.split())
    assert all(f"{one.factor}: {one.because}" in words for one in found.readings)
    assert all(f"Note: {note}." in words for note in found.notes)
    written = pd.read_csv(folder / "o.csv", keep_default_na=False)
    table = found.table()
    assert written[list(table)].to_numpy().tolist() == table.to_numpy().tolist()
    assert list(written) == list(table)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none.toml", "cannot be read"),
        ("few.toml", "the graph lacks the factors 'f1', 'f2'"),
        ("cycle.toml", "cycle.toml: return -> f0 -> return is a cycle"),
        ("run.nc", "not a TOML file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, folder, name, says):
    status, _, err = run("causes", folder / "run.nc", folder / name)
    assert status == 2
    assert err.startswith("Error: ")
    assert says in err
    assert len(err.splitlines()) == 1


def test_the_report_takes_the_graph(run, folder):
    run("report", folder / "run.nc", "-o", folder / "r.md", "--causes", folder / "graph.toml")
    assert "## What may be read as a cause" in (folder / "r.md").read_text(encoding="utf-8")
