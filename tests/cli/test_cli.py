"""The command line: what it prints, where errors go, and its exit codes."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from bayesfactor import cli
from bayesfactor.base.errors import DataError, SpecError
from bayesfactor.cli.input import read_info, read_series, read_weights
from bayesfactor.spec.alphas import ZeroAlpha


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

    monkeypatch.setattr("bayesfactor.sampling.fitting.fit", stop)
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
        assert f"{100 * row[name]:.1f}".replace("-0.0", "0.0") in line.split()
    assert all(len(line) <= 100 for line in out.splitlines())


def test_portfolio_is_one_more_entry(run, saved, files):
    code, out, _ = run("attribute", saved, "--portfolio", files / "weights.csv", "--by", "family", "--per", "group")
    assert code == 0
    entries = [line.split()[0] for line in out.splitlines() if line[:1].strip() and "market" in line.split()[1:2]]
    assert entries == ["portfolio", "x", "y"]


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


def test_many_assets_are_cut_with_a_way_out(run, saved, files, monkeypatch):
    monkeypatch.setattr("bayesfactor.cli.output.LINES", 12)
    code, out, _ = run("attribute", saved)
    assert code == 0
    assert "3 of 6 entries shown. All of them: --csv FILE." in out
    code, out, _ = run("attribute", saved, "--portfolio", files / "weights.csv")
    assert "3 of 7 entries shown. All of them: --csv FILE." in out
    assert out.index("\nportfolio ") < out.index("\na ") < out.index("\nb ")
    assert "\nc " not in out


def narrow(out):
    return max(map(len, out.splitlines())) <= 100


def line_of(out, name):
    """The last line that begins with a name, cell by cell."""
    return [line for line in out.splitlines() if line.split()[:1] == [name]][-1].split()


@pytest.mark.parametrize("by", ["factor", "identification"])
def test_attribute_says_how_well_premia_are_known(run, saved, by):
    code, out, _ = run("attribute", saved, "--by", by)
    assert code == 0
    assert narrow(out)
    verdict = bf.identify(bf.open_fit(saved)).verdicts["rates"]
    assert "identification" in out
    source = "rates" if by == "factor" else f"non-traded, {verdict}"
    assert any(source in line and line.split()[-1] == verdict for line in out.splitlines())
    code, out, _ = run("attribute", saved, "--kind", "variance")
    assert (code, "identification" in out) == (0, False)


def test_attribute_explains_identification_in_its_help(run):
    code, out, _ = run("attribute", "--help")
    assert code == 0
    assert "identification" in out


def test_long_names_and_a_verdict_fit_in_100_columns(saved, capsys):
    """The longest verdict, long names of asset and source: words are folded, numbers never."""
    fit = bf.open_fit(saved)
    names = [f"exchange_of_some_length_{name}" for name in fit.panel.assets]
    posterior = fit.posterior.assign_coords(asset=names)
    panel = replace(
        fit.panel,
        returns=fit.panel.returns.assign_coords(asset=names),
        groups=fit.panel.groups.assign_coords(asset=names),
    )
    data = fit.data.copy()
    data["posterior"] = xr.DataTree(posterior)
    data["paths"] = xr.DataTree(fit.data["paths"].to_dataset().assign_coords(asset=names))
    table = bf.attribute(replace(fit, panel=panel, data=data), by="identification").table()
    from bayesfactor.cli.output import show_attribution

    show_attribution(table.assign(identification="partly unidentified", mean=12.345678))
    out = capsys.readouterr().out
    assert narrow(out)
    assert "1234.6" in out


def test_premia_say_what_each_factor_pays_and_whether_the_data_could_tell(run, saved, tmp_path):
    target = tmp_path / "premia.csv"
    code, out, err = run("premia", saved, "--ci", 0.8, "--csv", target)
    assert (code, err) == (0, "")
    assert narrow(out)
    assert "interval: 80 % eti" in out
    fit = bf.open_fit(saved)
    table = bf.identify(fit).table(ci_prob=0.8)
    volatility = fit.panel.factors.to_pandas().std() * 252**0.5
    for name in ("market", "rates"):
        cells = line_of(out, name)
        columns = ["prior_sd", "data_mean", "data_se", "mean", "sd", "lower", "upper"]
        wanted = (table.loc[name, columns] / volatility[name]).dropna()
        assert [float(cell) for cell in cells[1 : 1 + len(wanted)]] == pytest.approx(wanted.tolist(), abs=0.0051)
        assert len(wanted) == 7 or table.loc[name, "data_from"].startswith("not told")
        assert cells[-1] == table.loc[name, "verdict"]
    assert f"{100 * table.loc['market', 'mean']:.1f}" in line_of(out, "market")
    assert f"rates: {table.loc['rates', 'verdict']}: {table.loc['rates', 'reason']}" in " ".join(out.split())
    assert f"Wrote 2 rows to {target}." in " ".join(out.split())
    written = pd.read_csv(target, index_col="factor")
    np.testing.assert_allclose(written["mean"], table["mean"])
    assert {"lower_eti_80", "upper_eti_80", "strength_lower_eti_80", "verdict", "units"} <= set(written.columns)


def test_premia_with_a_spike_and_slab_say_how_likely_it_is_that_a_factor_pays(run, slab_fit, tmp_path):
    code, out, _ = run("premia", slab_fit.save(tmp_path / "slab.nc"))
    assert code == 0
    assert narrow(out)
    assert " ".join(out.split()).count("inclusion probability 0.40 prior") == 2


def test_price_shows_fit_errors_and_realised_means(run, saved, tmp_path):
    target = tmp_path / "prices.csv"
    code, out, err = run("price", saved, "--csv", target)
    assert (code, err) == (0, "")
    assert narrow(out)
    fit = bf.open_fit(saved)
    found = bf.price(fit)
    assert f"Cross-sectional R-squared: {found.r_squared_table().loc['r_squared', 'mean']:.2f} (90 % eti" in out
    errors, table = found.errors(), found.table()
    largest = errors["mean"].reindex(table.index).abs().sort_values(ascending=False, kind="stable")
    ranked = out[out.index("pricing errors (alpha)") : out.index("Mean excess return")].splitlines()[3:9]
    assert [line.split()[0] for line in ranked] == largest.index.tolist()
    for line in ranked:
        assert f"{100 * errors.loc[line.split()[0], 'mean']:.1f}" in line.split()
    cells = line_of(out, "d")
    assert cells[1] == "300"
    assert cells[2] == f"{100 * table.loc['d', 'realised']:.1f}"
    unsure = table.attrs["not_identified"]
    assert ("Premia that are not identified" in out) == bool(unsure)
    assert all(f"{name} ({verdict})" in " ".join(out.split()) for name, verdict in unsure.items())
    written = pd.read_csv(target, index_col="asset")
    np.testing.assert_allclose(written["predicted"], table["predicted"])
    np.testing.assert_allclose(written["error_mean"], errors["mean"].reindex(written.index))
    assert {"realised_lower_eti_90", "predicted_upper_eti_90", "error_lower_eti_90"} <= set(written.columns)


def test_price_of_few_assets_and_without_errors(run, saved, tmp_path, monkeypatch):
    fit = bf.open_fit(saved)
    short = bf.Sampler(draws=250, tune=300, progress=False)
    exact = replace(fit.model, alpha=ZeroAlpha())
    two = bf.fit(fit.panel.select(assets=["a", "b"]), exact, short).save(tmp_path / "two.nc")
    _, out, _ = run("price", two)
    assert "Too few assets" in out
    assert "The model has no pricing errors" in out
    monkeypatch.setattr("bayesfactor.cli.premia.LINES", 4)
    _, out, _ = run("price", saved)
    assert "4 of 6 assets shown. All of them: --csv FILE." in out


@pytest.mark.parametrize("name", ["premia", "price"])
def test_bad_input_of_premia_and_price(run, saved, short_fit, name, tmp_path):
    code, _, err = run(name, tmp_path / "absent.nc")
    assert code == 2
    assert err.startswith("Error: ")
    code, _, err = run(name, saved, "--ci", "90")
    assert code == 2
    assert "between 0 and 1" in err
    code, out, err = run(name, saved, "--csv", tmp_path / "no" / "t.csv")
    assert (code, out) == (2, "")
    assert "folder that does not exist" in err
    assert run(name)[0] == 2
    code, out, err = run(name, short_fit.save(tmp_path / "short.nc"))
    assert code == 1
    assert "f2" in out or "a00" in out
    assert err.startswith("Warning: the fit did not converge")


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

    monkeypatch.setattr("bayesfactor.spec.files.list_models", broken)
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


@pytest.mark.parametrize(
    "head", ["asset,weight", "weight,asset", "Asset, Weights", "WEIGHT,ASSET", "ticker,weight", ",weight"]
)
def test_weights_are_read_by_the_names_of_their_columns(tmp_path, head):
    first = head.lower().startswith("weight")
    rows = ["0.6,a", "0.4,b"] if first else ["a,0.6", "b,0.4"]
    (tmp_path / "w.csv").write_text("\n".join([head, *rows]))
    assert read_weights(tmp_path / "w.csv") == {"a": 0.6, "b": 0.4}


@pytest.mark.parametrize(
    "head",
    [
        "ticker,shares",
        "asset,price",
        "asset,shares",
        "asset,amount",
        "x,y",
        "weight,price",
        "weight,weights",
        "asset,group",
    ],
)
def test_a_portfolio_of_something_else_is_refused(tmp_path, head):
    (tmp_path / "w.csv").write_text(f"{head}\na,100\nb,50\n")
    with pytest.raises(DataError, match=f"w.csv has the header '{head}', not 'asset,weight'") as caught:
        read_weights(tmp_path / "w.csv")
    assert caught.value.value == head
    assert "a weight is the value held over that of the portfolio" in caught.value.remedy


def test_midnights_of_a_zone_on_the_command_line(run, monkeypatch, files, tmp_path):
    """New York's midnights, written in universal time: refused, and read with the option that the error names."""
    seen = {}

    def stop(panel, model, sampler):
        seen.update(panel=panel)
        raise bf.FitError("stopped")

    monkeypatch.setattr("bayesfactor.sampling.fitting.fit", stop)
    for name in ("returns.csv", "factors.csv"):
        frame = pd.read_csv(files / name, index_col=0, parse_dates=True)
        frame.tz_localize("America/New_York").tz_convert("UTC").to_csv(tmp_path / name)
    command = ("fit", tmp_path / "returns.csv", tmp_path / "factors.csv", "-o", tmp_path / "none.nc")
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert "--zone America/New_York on the command line" in err
    assert len(err.splitlines()) == 1
    assert run(*command, "--zone", "America/New_York")[2] == "Error: stopped\n"
    expected = bf.integrate(read_series(files / "returns.csv"), read_series(files / "factors.csv"))
    assert seen["panel"].fingerprint == expected.fingerprint
    assert "no time zone" in run(*command, "--zone", "Mars")[2]


def test_fred_file_is_recognised(tmp_path):
    (tmp_path / "DFF.csv").write_text("observation_date,DFF\n2020-01-01,1.55\n2020-01-02,\n2020-01-03,1.55\n")
    assert read_series(tmp_path / "DFF.csv")["DFF"].count() == 2


def test_demo_on_real_data(run, tmp_path):
    pytest.importorskip("linearmodels", reason="linearmodels is not installed")
    code, out, _ = run("demo", "-o", tmp_path / "demo.nc", "--draws", 40, "--tune", 50)
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
    code, out, _ = run("demo", "--data", "crypto", "-o", tmp_path / "demo.nc", "--draws", 40, "--tune", 50)
    assert code == (1 if "FAILED" in out else 0)
    for words in (
        "36 tokens in 6 protocol groups",
        "of 7 intervals cover the true value",
        "of 324 intervals",
        "hash_rate",
        "verdict",
        "risk premium is unidentified",
    ):
        assert words in " ".join(out.split())
    results = out[out.index("\n4. ") : out.index("\n7. ")]
    assert max(map(len, results.splitlines())) <= 100


def test_a_portfolio_without_a_header_is_refused(tmp_path):
    from bayesfactor.base.errors import DataError
    from bayesfactor.cli.input import read_weights

    path = tmp_path / "w.csv"
    path.write_text("a0,0.6\na1,0.4\n")
    with pytest.raises(DataError, match="no header"):
        read_weights(path)
