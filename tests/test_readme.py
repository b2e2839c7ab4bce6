"""The README's program runs as it stands, and prints what the README and the page on premia say it prints."""

import io
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
README = ROOT / "README.md"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the program left: its folder, its names, and what it printed."""
    mpl.use("agg")
    text = README.read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL).group(1)
    folder, names, printed = tmp_path_factory.mktemp("readme"), {"__name__": "readme"}, io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.stdout", printed)
        exec(compile(program, str(README), "exec"), names)
    return folder, names, printed.getvalue()


def shown(page, first):
    """Return a table that a page shows, by how its line of heads begins."""
    block = re.search(rf"```\n(\s*{first}.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL).group(1)
    head, *rows = block.splitlines()
    return head.split(), [re.split(r"\s+", row.strip(), maxsplit=len(head.split())) for row in rows]


def test_the_first_program_runs(run):
    folder, _, printed = run
    assert {path.name for path in folder.iterdir()} == {"contributions.png", "report.html", "run.nc"}
    assert "The fit passed its checks." in printed
    assert "prob_positive" in printed


def test_the_table_is_what_the_program_prints(run):
    """Within four Monte Carlo errors of two runs, as other processors round otherwise."""
    table = run[1]["premium"].table(rounded=False).head(8)
    heads, rows = shown(README, "asset +source")
    assert heads == list(table.columns)
    for wanted, found in zip(rows, table.to_dict("records"), strict=True):
        assert wanted[:2] == [found["asset"], found["source"]]
        for name in ("mean", "sd", "lower", "upper"):
            error = found["mcse"] * {"mean": 1, "sd": 0.7, "lower": 2.1, "upper": 2.1}[name]
            place = heads.index(name)
            half = 0.5 * 10.0 ** -len(wanted[place].partition(".")[2].rstrip("0"))  # of the last digit shown
            assert float(wanted[place]) == pytest.approx(found[name], abs=4 * 2**0.5 * error + half)


def test_the_verdicts_are_what_the_program_prints(run):
    table = bf.identify(run[1]["fit"]).table()
    heads, rows = shown(ROOT / "docs" / "premia.md", "prior_mean")
    for factor, *wanted in rows:
        found = table.loc[factor]
        values = dict(zip(heads, wanted, strict=False))
        assert float(values["prior_sd"]) == pytest.approx(found["prior_sd"], rel=0.01)
        assert float(values["mean"]) == pytest.approx(found["mean"], abs=0.1 * found["sd"])
        assert float(values["sd"]) == pytest.approx(found["sd"], rel=0.1)
        assert np.isnan(float(values["strength"])) == pd.isna(found["strength"])
        assert values["verdict"] == found["verdict"]
