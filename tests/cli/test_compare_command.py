"""`bayesfactor compare`: the table of the library, what it warns of, and its exit status."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from tests.support.flat_priors import flat_fit
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two fits of the same data, and one of it that a period is too far off for."""
    folder, rng = tmp_path_factory.mktemp("runs"), np.random.default_rng(8)
    factor = rng.normal(0.005, 0.04, 240)
    y = 0.004 + 0.9 * factor + rng.normal(0, 0.03, 240)
    flat_fit(y, factor, 1000).save(folder / "alpha.nc")
    flat_fit(y, factor, 1000, intercept=False).save(folder / "none.nc")
    (folder / "again").mkdir()
    flat_fit(y, factor, 1000, seed=6).save(folder / "again" / "alpha.nc")
    panel = make_panel(assets=3, periods=40)
    for name, seed in (("few", 1), ("fewer", 2)):
        bf.from_draws(panel, synthetic_draws(panel, seed=seed, draws=100), model="static").save(folder / f"{name}.nc")
    return folder


def test_it_prints_the_table_of_the_library(run, files, tmp_path):
    code, out, err = run("compare", files / "none.nc", files / "alpha.nc", "--csv", tmp_path / "table.csv")
    assert (code, err) == (0, "")
    table = bf.compare({name: bf.open_fit(files / f"{name}.nc") for name in ("none", "alpha")}).table()
    lines = [line.split() for line in out.splitlines()]
    rows = [next(line for line in lines if line[:1] == [name]) for name in table["model"]]
    for cells, row in zip(rows, table.to_dict("records"), strict=True):
        names = ("elpd", "se", "difference", "difference_se", "weight", "parameters")
        assert cells[1:7] == [f"{row[name]:.2f}" for name in names]
        assert cells[7] == str(row["high_k"])
    assert "no probabilities of models" in " ".join(out.split())
    assert "The factors' own density, apart: " in " ".join(out.split())
    written = pd.read_csv(tmp_path / "table.csv")
    np.testing.assert_allclose(written["elpd"], table["elpd"])
    assert written["units"].unique().tolist() == ["nats, summed over periods"]


def test_files_of_one_name_are_told_apart(run, files):
    _, out, _ = run("compare", files / "alpha.nc", files / "again" / "alpha.nc")
    assert "again/alpha.nc" in "".join(out.split())


def test_periods_that_need_refits_are_named(run, files):
    code, out, err = run("compare", files / "few.nc", files / "fewer.nc")
    assert code == 1
    found = bf.compare({name: bf.open_fit(files / f"{name}.nc") for name in ("few", "fewer")})
    assert "Pareto k is above 0.7" in err
    for date in found.refits_needed["time"]:
        assert str(date)[:10] in out


def test_what_cannot_be_compared_is_one_line(run, files):
    for given, words in (
        ([files / "alpha.nc"], "there is one fit"),
        ([files / "alpha.nc", files / "alpha.nc"], "is given twice"),
        ([files / "alpha.nc", files / "few.nc"], "has the asset"),
        ([files / "alpha.nc", files / "lost.nc"], "lost.nc"),
    ):
        code, _, err = run("compare", *given)
        assert code == 2
        assert words in err
        assert len(err.splitlines()) == 1
