"""The command line: what it prints, where errors go, and its exit codes."""

import sys

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from bayesfactor import cli
from bayesfactor.cli.input import read_info, read_series, read_weights
from bayesfactor.errors import DataError, SpecError


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line; return its exit code and what it printed."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["bayesfactor", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        printed = capsys.readouterr()
        return left.value.code or 0, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Returns, factors, groups, factor info and weights as files."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(7)
    dates = pd.date_range("2020-01-01", periods=300, freq="B", name="date")
    factors = pd.DataFrame(rng.normal(0.0004, 0.01, (300, 2)), dates, ["market", "rates"])
    names = list("abcdef")
    beta = rng.normal([1.0, 0.0], 0.3, (6, 2))
    values = factors.to_numpy() @ beta.T + rng.normal(0, [0.004, 0.006, 0.009, 0.013, 0.02, 0.03], (300, 6))
    returns = pd.DataFrame(values, dates, names)
    returns.to_csv(folder / "returns.csv")
    factors.to_csv(folder / "factors.csv")
    (100 * (1 + returns).cumprod()).to_csv(folder / "prices.csv")
    (folder / "groups.csv").write_text("asset,group\n" + "".join(f"{n},{'xy'[n > 'c']}\n" for n in names))
    (folder / "info.csv").write_text("factor,traded,family,transform,lag\nmarket,true,,,\nrates,false,rates,none,0\n")
    (folder / "info.toml").write_text('[market]\ntraded = true\n[rates]\ntraded = false\ntransform = "none"\n')
    (folder / "weights.csv").write_text("asset,weight\na,0.6\nd,0.4\n")
    return folder


QUICK = ("--draws", 500, "--tune", 500)


@pytest.fixture
def fit_files(files):
    return ("fit", files / "returns.csv", files / "factors.csv")


@pytest.fixture(scope="module")
def saved(files):
    """Path of a fit that converged."""
    panel = bf.integrate(
        read_series(files / "returns.csv"),
        read_series(files / "factors.csv"),
        read_info(files / "info.csv"),
        read_info(files / "groups.csv"),
    )
    return bf.fit(panel, sampler=bf.Sampler(draws=500, tune=500, progress=False)).save(files / "saved.nc")


def test_fit_saves_and_says_what_comes_next(run, fit_files, files):
    target = files / "run.nc"
    options = ("--info", files / "info.csv", "--assets", files / "groups.csv", "-o", target, *QUICK)
    code, out, _ = run(*fit_files, *options)
    assert code == 0
    assert "6 assets, 2 factors, 300 periods" in out
    assert "The fit passed its checks." in out
    assert f"bayesfactor attribute {target}" in " ".join(out.split())
    fit = bf.open_fit(target)
    assert fit.panel.group_names == ("x", "y")
    assert [factor.traded for factor in fit.panel.factor_info] == [True, False]


def test_short_fit_is_saved_but_leaves_with_1(run, fit_files, files):
    target = files / "short.nc"
    code, out, _ = run(*fit_files, "-o", target, "--draws", 20, "--tune", 60, "--chains", 2, "--model", "capm")
    assert code == 1
    assert "FAILED" in out
    assert target.exists()
    assert run("check", target)[0] == 1
    code, out, err = run("attribute", target)
    assert code == 1
    assert "market" in out
    assert err.startswith("Warning: the fit did not converge")
    code, _, err = run("attribute", target, "--allow-unconverged")
    assert (code, err) == (0, "")


def test_prices_become_returns(run, monkeypatch, files, fit_files):
    seen = {}

    def stop(panel, model, sampler):
        seen.update(panel=panel, model=model, sampler=sampler)
        raise bf.FitError("stopped")

    monkeypatch.setattr("bayesfactor.inference.fit", stop)
    options = ("-o", files / "none.nc", "--prices", "--model", "capm", "--seed", 4, "--calendar", "weekly")
    code, _, err = run("fit", files / "prices.csv", files / "factors.csv", *options)
    assert (code, err) == (2, "Error: stopped\n")
    assert seen["panel"].periods_per_year == 52
    assert (seen["model"].name, seen["sampler"].seed) == ("capm", 4)
    assert np.nanmax(np.abs(seen["panel"].returns)) < 0.3


def test_check_says_whether_to_trust(run, saved):
    code, out, _ = run("check", saved)
    assert code == 0
    assert "R-hat" in out


def test_attribute_prints_the_table_of_the_library(run, saved):
    code, out, _ = run("attribute", saved, "--ci", 0.8)
    assert code == 0
    assert "interval: 80 % eti" in out
    table = bf.attribute(bf.open_fit(saved), "premium").table(ci_prob=0.8)
    row = table[(table["asset"] == "c") & (table["source"] == "rates")].iloc[0]
    lines = out[out.index("\nc ") :].splitlines()
    line = next(line for line in lines if " rates " in f" {line} ")
    for name in ("mean", "lower", "upper"):
        assert f"{100 * row[name]:.1f}" in line.split()
    assert all(len(line) <= 100 for line in out.splitlines())


def test_portfolio_is_one_more_entry(run, saved, files):
    code, out, _ = run("attribute", saved, "--portfolio", files / "weights.csv", "--by", "family", "--per", "group")
    assert code == 0
    assert "portfolio" in out


def test_variance_is_shown_as_shares(run, saved):
    code, out, _ = run("attribute", saved, "--kind", "variance")
    assert code == 0
    assert "P(> 50)" in out
    assert "idiosyncratic" in out
    assert "total" not in out


def test_csv_states_interval_and_units(run, saved, tmp_path):
    target = tmp_path / "table.csv"
    code, out, _ = run("attribute", saved, "--csv", target)
    assert code == 0
    assert f"Wrote 24 rows to {target}." in " ".join(out.split())
    table = pd.read_csv(target)
    assert {"lower_eti_90", "upper_eti_90", "prob_positive", "units"} <= set(table.columns)
    expected = bf.attribute(bf.open_fit(saved), "premium").table()
    np.testing.assert_allclose(table["mean"], expected["mean"])


def test_many_assets_are_cut_with_a_way_out(run, saved, monkeypatch):
    monkeypatch.setattr("bayesfactor.cli.output.LINES", 12)
    code, out, _ = run("attribute", saved)
    assert code == 0
    assert "3 of 6 entries shown. All of them: --csv FILE." in out


def test_models_lists_and_prints(run):
    code, out, _ = run("models")
    assert code == 0
    for name in bf.list_models():
        assert f"\n{name}" in f"\n{out}"
    code, out, _ = run("models", "student_t")
    assert code == 0
    assert 'kind   = "student_t"' in out


def test_version(run):
    assert run("--version") == (0, f"bayesfactor {bf.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("models", "studentt"), "Did you mean 'student_t'?"),
        (("check", "absent.nc"), "absent.nc"),
        (("fit", "absent.csv", "factors.csv", "-o", "x.nc"), "There is no file 'absent.csv'"),
        (("fit", "a.csv", "b.csv", "-o", "nowhere/x.nc"), "folder that does not exist"),
        (("fit", "a.csv", "b.csv", "-o", "x.nc", "--model", "capn"), "Did you mean 'capm'?"),
        (("fit", "a.csv", "b.csv", "-o", "x.nc", "--draws", "1"), "draws is 1"),
        (("demo", "-o", "."), "is a folder"),
    ],
)
def test_bad_input_is_one_line_and_2(run, tmp_path, monkeypatch, arguments, found):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert found in err
    assert err.startswith("Error: ")
    assert err.count("\n") == 1


def test_bad_choices_of_attribute_are_2(run, saved, tmp_path):
    (tmp_path / "weights.csv").write_text("asset,weight\nzz,1\n")
    for options, found in (
        (("--kind", "premia"), "Did you mean 'premium'?"),
        (("--ci", "90"), "between 0 and 1"),
        (("--portfolio", tmp_path / "weights.csv"), "unknown asset 'zz'"),
        (("--csv", tmp_path / "no" / "t.csv"), "folder that does not exist"),
    ):
        code, _, err = run("attribute", saved, *options)
        assert code == 2
        assert found in err


@pytest.mark.parametrize("arguments", [("fit",), ("attribute",), ("nothing",), ("demo", "--data", "stocks")])
def test_usage_errors_are_2(run, arguments):
    assert run(*arguments)[0] == 2


def test_unforeseen_errors_are_not_hidden(monkeypatch):
    def broken():
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("bayesfactor.modelfile.list_models", broken)
    monkeypatch.setattr(sys, "argv", ["bayesfactor", "models"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_missing_extra_is_one_line(run, monkeypatch):
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == "rich" else True)
    code, out, err = run("models")
    assert (code, out) == (2, "")
    assert err == 'The command line needs two more packages: pip install "bayesfactor[cli]"\n'


def test_help_loads_nothing_heavy():
    import subprocess

    code = (
        "import sys; sys.argv = ['bayesfactor', 'fit', '--help']\n"
        "from bayesfactor.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'pandas', 'xarray', 'pymc', 'nutpie', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
    done = subprocess.run(
        [sys.executable, "-m", "bayesfactor", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("bayesfactor ")


def test_info_says_the_same_in_both_formats(files):
    assert read_info(None) is None
    assert read_info(files / "info.toml") == {
        "market": {"traded": True},
        "rates": {"traded": False, "transform": "none"},
    }
    assert read_info(files / "info.csv") == {
        "market": {"traded": "true"},
        "rates": {"traded": "false", "family": "rates", "transform": "none", "lag": 0},
    }


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.toml", "[market\n", "not TOML"),
        ("a.csv", "factor,traded\nm,true\nm,true\n", "names 'm' twice"),
    ],
)
def test_bad_info_is_named(tmp_path, name, text, found):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=found):
        read_info(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("asset,weight\na,much\n", "line 2: the weight of 'a' is 'much'"),
        ("asset,weight\na,inf\n", "not a number"),
        ("asset,weight\na,1\na,2\n", "names 'a' twice"),
        ("asset,weight,note\na,1,x\n", "3 columns"),
    ],
)
def test_bad_weights_are_named(tmp_path, text, found):
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises((DataError, SpecError), match=found):
        read_weights(tmp_path / "w.csv")


def test_fred_file_is_recognised(tmp_path):
    (tmp_path / "DFF.csv").write_text("observation_date,DFF\n2020-01-01,1.55\n2020-01-02,\n2020-01-03,1.55\n")
    assert read_series(tmp_path / "DFF.csv")["DFF"].count() == 2


def test_demo_on_real_data(run, tmp_path):
    pytest.importorskip("linearmodels", reason="linearmodels is not installed")
    code, out, _ = run("demo", "-o", tmp_path / "demo.nc", "--draws", 300, "--tune", 400)
    assert code == (1 if "FAILED" in out else 0)
    for words in (
        "30 assets, 4 factors, 819 periods",
        "S1V5",
        "portfolio",
        "idiosyncratic",
        "P(share > 50 %)",
    ):
        assert words in out
    results = out[out.index("\n4. ") : out.index("\n7. ")]
    assert max(map(len, results.splitlines())) <= 100
    assert bf.open_fit(tmp_path / "demo.nc").panel.factor_names == ("MktRF", "SMB", "HML", "Mom")


def test_demo_on_a_simulated_market(run, tmp_path):
    code, out, _ = run("demo", "--data", "crypto", "-o", tmp_path / "demo.nc", "--draws", 300, "--tune", 400)
    assert code == (1 if "FAILED" in out else 0)
    for words in (
        "36 tokens in 6 protocol groups",
        "of 7 intervals hold the truth",
        "of 324 intervals",
        "hash_rate",
    ):
        assert words in out
    results = out[out.index("\n4. ") : out.index("\n7. ")]
    assert max(map(len, results.splitlines())) <= 100


def test_a_portfolio_without_a_header_is_refused(tmp_path):
    from bayesfactor.cli.input import read_weights
    from bayesfactor.errors import DataError

    path = tmp_path / "w.csv"
    path.write_text("a0,0.6\na1,0.4\n")
    with pytest.raises(DataError, match="no header"):
        read_weights(path)
