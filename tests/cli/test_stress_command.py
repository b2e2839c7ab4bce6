"""The command `stress`: what it prints is what the verb says, and what is refused."""

import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from bayesfactor.analysis.scenarios.plausibility import waiting_words
from tests.support.panels import make_panel
from tests.support.synthetic_draws import synthetic_draws


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place, panel = tmp_path_factory.mktemp("stress"), make_panel(assets=3, traded=2, other=1, periods=120, seed=2)
    bf.from_draws(panel, synthetic_draws(panel, draws=50)).save(place / "run.nc")
    (place / "w.csv").write_text("asset,weight\na00,0.6\na02,0.4\n")
    (place / "s.toml").write_text("[crash]\nshocks = {f0 = -0.05}\n[slow]\nperiods = 3\nshocks = {f2 = {sigmas = 2}}\n")
    return place


def test_it_prints_and_writes_the_numbers_of_stress(run, folder):
    options = ("--shock", "f0=-0.05", "--shock", "f1=-2sd", "--below", -0.03, "--csv", folder / "o.csv")
    status, out, err = run("stress", folder / "run.nc", *options, "--portfolio", folder / "w.csv")
    assert (status, "Warning: " in err) == (1, True)  # two chains of 50 draws did not converge
    fit = bf.open_fit(folder / "run.nc")
    scenario = bf.Scenario({"f0": -0.05, "f1": bf.Sigmas(-2)})
    found = bf.stress(fit, scenario, portfolio={"a00": 0.6, "a02": 0.4})
    assert out.startswith("f0 -0.05, f1 -2 sd: over 1 period.")
    total = found.table().query("asset == 'portfolio' and source == 'total'").iloc[0]
    (line,) = (row for row in out.splitlines() if row.startswith("portfolio"))
    assert line.split()[1:4] == [f"{100 * total[name]:.1f}" for name in ("mean", "lower", "upper")]
    assert "P(< -3)" in out
    assert "Plausibility: " in out
    written = pd.read_csv(folder / "o.csv")
    assert written.shape[0] == 4 * 6
    assert set(written["source"]) == {"f0", "f1", "f2", "alpha", "total", "return"}
    assert "lower_eti_90" in written


def test_a_file_has_as_many_scenarios_as_it_names(run, folder):
    _, out, _ = run("stress", folder / "run.nc", "--scenarios", folder / "s.toml", "--others", "unchanged")
    assert "crash: over 1 period.\nNote: the other factors are expected at their means" in out
    assert "slow: over 3 periods." in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "There is no scenario. Write --shock market=-0.2"),
        (("--shock", "f0"), "it is not factor=value"),
        (("--shock", "f0=x"), "'x' is no number"),
        (("--shock", "f0=-20%"), "Write 20 % as 0.2"),
        (("--shock", "f0=1e-3", "--shock", "f0=1e-3"), "'f0' is given twice"),
        (("--shock", "f9=0.1"), "unknown factor 'f9'. Allowed: f0, f1, f2"),
        (("--shock", "f0=-20"), "is it per cent?"),
        (("--shock", "f0=-0.01", "--periods", 0), "periods is 0"),
        (("--scenarios", "none.toml"), "cannot be read"),
        (("--scenarios", "{folder}/s.toml", "--periods", 3), "--periods goes with --shock"),
        (("--shock", "f0=-0.01", "--others", "same"), "unknown others 'same'"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(run, folder, options, says):
    asked = [str(option).format(folder=folder) for option in options]
    status, _, err = run("stress", folder / "run.nc", *asked)
    assert status == 2
    assert says in err


def test_waiting_is_said_in_words():
    found = [waiting_words(years) for years in (0.02, 1.5, 4321.0, 5e7, float("inf"))]
    never = "less than once in a million years"
    assert found == ["50 times a year", "once in 1.5 years", "once in 4,300 years", never, never]
