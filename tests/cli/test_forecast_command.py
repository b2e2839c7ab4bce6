"""The command `forecast`: what it prints and writes is what the verb says, and what is refused."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from tests.support.flat_priors import flat_fit
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place, panel = tmp_path_factory.mktemp("forecast"), make_panel(assets=3, traded=2, other=1, periods=120, seed=2)
    bf.from_draws(panel, synthetic_draws(panel, draws=50)).save(place / "run.nc")
    (place / "w.csv").write_text("asset,weight\na00,0.6\na02,0.4\n")
    rng = np.random.default_rng(8)
    factor = rng.normal(0.005, 0.04, 240)
    flat_fit(0.004 + 0.9 * factor + rng.normal(0, 0.03, 240), factor, 1000).save(place / "sound.nc")
    return place


def row_of(out, name):
    (line,) = (row.split() for row in out.splitlines() if row.startswith(f"{name} "))
    return line[1:]


def test_it_prints_and_writes_the_numbers_of_forecast(run, folder):
    options = ("--periods", 12, "--portfolio", folder / "w.csv", "--below", -0.02, "--csv", folder / "o.csv")
    status, out, err = run("forecast", folder / "run.nc", *options, "--ci", 0.8)
    assert (status, "Warning: the fit did not converge" in err) == (1, True)  # two chains of 50 draws
    found = bf.forecast(bf.open_fit(folder / "run.nc"), 12, {"a00": 0.6, "a02": 0.4})
    table = found.table(0.8).set_index("asset")
    assert "Excess return over the next 12 periods, compounded, %; interval: 80 % eti." in " ".join(out.split())
    names = ["expected", "expected_lower", "expected_upper", "mean", "sd", "lower", "upper"]
    for name in ("portfolio", "a00", "a01", "a02"):
        cells = row_of(out, name)
        assert [float(cell) for cell in cells[:7]] == pytest.approx(
            [100 * table.loc[name, key] for key in names], abs=0.06
        )
        assert float(cells[8].strip("<>")) == pytest.approx(found.prob_below(-0.02)[name], abs=0.011)
    assert "P(< -2)" in out
    written = pd.read_csv(folder / "o.csv").set_index("asset")
    assert written.index[0] == "portfolio"
    np.testing.assert_allclose(written["expected_upper_eti_80"], table["expected_upper"])
    np.testing.assert_allclose(written["prob_below_-0.02"], found.prob_below(-0.02)[written.index])
    assert set(written["units"]) == {"decimal over 12 periods"}


def test_a_fit_without_problems_leaves_with_0(run, folder):
    status, out, err = run("forecast", folder / "sound.nc")
    assert (status, err) == (0, "")
    assert "Excess return over the next period, %" in out
    assert "P(<" not in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--periods", 0), "periods is 0"),
        (("--portfolio", "none.csv"), "none.csv"),
        (("--below", "nan"), "prob_below is nan"),
        (("--ci", 90), "ci_prob is 90"),
        (("--csv", "{folder}/none/o.csv"), "in a folder that does not exist"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(run, folder, options, says):
    asked = [str(option).format(folder=folder) for option in options]
    status, out, err = run("forecast", folder / "run.nc", *asked)
    assert (status, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1
