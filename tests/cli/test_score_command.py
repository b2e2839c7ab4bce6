"""The command `score`: which windows are fitted; it prints and writes what the verb says; what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("typer", reason="the command line needs the extra 'cli'")

import bayesfactor as bf
from bayesfactor.sampling.batch.fits import Entry, Fits
from tests.support.flat_priors import flat_fit, flat_panel
from tests.support.synthetic_draws import synthetic_draws

PERIODS = 120
GAIN = {"count": ".0f", "gain": ".4f", "se": ".4f"}  # columns, and their digits


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("score"), np.random.default_rng(3)
    dates = pd.date_range("2020-01-03", periods=PERIODS, freq="W-FRI", name="date")
    factors = pd.DataFrame(rng.normal(0.002, 0.02, (PERIODS, 1)), dates, ["market"])
    values = factors.to_numpy() * [0.5, 1.0, 1.5] + rng.normal(0, 0.02, (PERIODS, 3))
    pd.DataFrame(values, dates, list("abc")).to_csv(folder / "returns.csv")
    factors.to_csv(folder / "factors.csv")
    (folder / "info.toml").write_text("[market]\ntraded = true\n")
    (folder / "w.csv").write_text("asset,weight\na,0.5\nc,0.5\n")
    (folder / "other.csv").write_text("asset,weight\nz,1\n")
    (folder / "mine.toml").write_text("[loadings]\nkind = 'nonsense'\n")
    return folder


@pytest.fixture
def asked(files, tmp_path):
    """The arguments that every call has."""
    return ("score", files / "returns.csv", files / "factors.csv", "-o", tmp_path / "walk")


@pytest.fixture(scope="module")
def panel(files):
    frames = (pd.read_csv(files / f"{name}.csv", index_col=0, parse_dates=True) for name in ("returns", "factors"))
    return bf.integrate(*frames, {"market": {"traded": True}})


def drawn(window, model):
    return bf.from_draws(window, synthetic_draws(window, seed=len(model.name), draws=5), model=model)


@pytest.fixture
def sampled(monkeypatch):
    """No sampler: draws around values that are known. Returns what was asked for."""
    calls = []

    def fit_many(windows, model, sampler, *, folder):
        calls.append((windows, model, sampler, folder))
        entries = [Entry(name, "0", "fitted", drawn(windows[name], model), 3, "", name) for name in windows]
        return Fits(tuple(entries), folder)

    monkeypatch.setattr("bayesfactor.sampling.batch.many_fits.fit_many", fit_many)
    return calls


def rows_of(out, name):
    return [line.split()[1:] for line in out.splitlines() if line.startswith(f"{name} ")]


def test_windows_begin_in_the_middle_and_are_half_a_year_apart(run, asked, files, panel, sampled, tmp_path):
    models = ("--model", "static", "--model", "capm")
    _, out, _ = run(*asked, *models, "--info", files / "info.toml", "--draws", 30, "--seed", 5)
    first, second = sampled
    assert [first[1].name, second[1].name] == ["static", "capm"]
    assert [first[3], second[3]] == [tmp_path / "walk" / "static", tmp_path / "walk" / "capm"]
    assert (first[2].draws, first[2].seed) == (30, 5)
    windows = first[0]
    assert list(windows) == [str(panel.times[row])[:10] for row in (59, 85, 111)]
    assert windows.past
    wanted = bf.rolling(panel, 60, 26, past=True)
    assert [one.fingerprint for one in windows.values()] == [wanted[name].fingerprint for name in windows]
    assert "3 fits of each model, to 60 periods each, that end on 2021-02-19 and every 26 periods until" in " ".join(
        out.split()
    )


def test_it_prints_and_writes_the_numbers_of_score(run, asked, files, panel, sampled, tmp_path):
    options = ("--info", files / "info.toml", "--portfolio", files / "w.csv", "--over", "static", "--every", 30)
    models = ("--model", "static", "--model", "capm")
    status, out, err = run(*asked, *models, *options, "--first", "2021-06-01", "--csv", tmp_path / "o.csv")
    windows = sampled[0][0]
    assert panel.times[windows.window] == np.datetime64("2021-06-04")
    fits = {m.name: {name: drawn(windows[name], m) for name in windows} for _, m, *_ in sampled}
    found = bf.score(fits, panel, portfolios={"portfolio": {"a": 0.5, "c": 0.5}})
    table = found.table().set_index(["asset", "model"])
    for model in ("static", "capm", "EWMA"):
        everything, portfolio, equal, *gain = rows_of(out, model)
        row = table.loc[("all assets", model)]
        names = ["count", "log_score", "se", "crps", "r2_mean", "se_r2_mean", "r2_zero"]
        scale = [1, 1, 1, 100, 100, 100, 100]
        assert [float(cell) for cell in everything[:7]] == pytest.approx(row[names] * scale, rel=0.005, abs=0.051)
        covers = ["cover_50", "cover_90", "cover_99"]
        assert [float(cell) for cell in everything[7:10]] == pytest.approx(100 * row[covers], abs=0.051)
        assert float(everything[10]) == pytest.approx(row["pit"], abs=0.0051)
        for cells, name in ((portfolio, "portfolio"), (equal, "equal-weighted")):
            assert cells[0] == name
            assert float(cells[-1]) == pytest.approx(table.loc[(name, model), "bias"], abs=0.0051)
        row = found.gains_table("static").set_index("model").loc[model]
        assert gain == ([] if model == "static" else [[f"{row[k]:{form}}" for k, form in GAIN.items()]])
    written = pd.read_csv(tmp_path / "o.csv").set_index(["asset", "model"])
    np.testing.assert_allclose(written["crps"], table["crps"])
    assert (status, all(len(line) <= 100 for line in out.splitlines())) == (1, True)
    assert "Warning: static: problems of 2 of 2 fits; the first, 2021-05-28: " in err


def test_over_several_periods_there_are_no_gains(run, asked, files, panel, sampled):
    _, out, _ = run(*asked, "--model", "static", "--periods", 4)
    assert "each over 4 periods, compounded" in " ".join(out.split())
    assert "no log scores to compare" in out
    windows = sampled[0][0]
    assert len(windows.panel.times) == PERIODS - 4


def test_a_failed_fit_is_said_and_no_fit_is_an_error(run, asked, monkeypatch):
    def fit_many(windows, model, sampler, *, folder):
        lost = list(windows)[1:] if model.name == "static" else list(windows)
        results = {name: bf.FitError("too short") if name in lost else drawn(windows[name], model) for name in windows}
        states = {name: "failed" if name in lost else "fitted" for name in windows}
        return Fits(tuple(Entry(n, "0", states[n], results[n], 3, "", n) for n in windows), folder)

    monkeypatch.setattr("bayesfactor.sampling.batch.many_fits.fit_many", fit_many)
    status, out, err = run(*asked, "--model", "static")
    assert status == 1
    assert "'2021-08-20' failed: too short" in " ".join(out.split())
    assert "static: 2 of 3 fits failed, and the fit before was judged instead: 2021-08-20, 2022-02-18" in err
    status, _, err = run(*asked, "--model", "capm")
    assert status == 2
    assert "no fit of 'capm' succeeded; the first, 2021-02-19: too short" in err


def test_fits_without_problems_leave_with_0(run, tmp_path, monkeypatch):
    rng = np.random.default_rng(8)
    factor = rng.normal(0.005, 0.04, 240)
    y = 0.004 + 0.9 * factor + rng.normal(0, 0.03, 240)
    whole = flat_panel(y, factor)
    whole.returns.to_pandas().to_csv(tmp_path / "r.csv")
    whole.factors.to_pandas().to_csv(tmp_path / "f.csv")
    (tmp_path / "i.toml").write_text('[f]\ntraded = true\nfamily = "market"\n')

    def fit_many(windows, model, sampler, *, folder):
        (name,) = windows
        fit = replace(flat_fit(y[:120], factor[:120], 1000), panel=windows[name])
        return Fits((Entry(name, "0", "fitted", fit, 1, "", name),), folder)

    monkeypatch.setattr("bayesfactor.sampling.batch.many_fits.fit_many", fit_many)
    options = ("--every", 120, "--info", tmp_path / "i.toml")
    status, out, err = run("score", tmp_path / "r.csv", tmp_path / "f.csv", "-o", tmp_path / "walk", *options)
    assert (status, err) == (0, "")
    assert "1 fits of each model" not in out
    assert "1 fit of each model, to 120 periods, that ends on 1999-12-31." in " ".join(out.split())


def test_a_second_call_opens_what_is_there(run, asked, files, tmp_path):
    """With a sampler: fits are kept in a folder of their model, and those of other data in it stay."""
    own = tmp_path / "walk" / "capm"
    own.mkdir(parents=True)
    other = own / f"2021-02-19.{'0' * 16}.{'0' * 16}.nc"
    other.write_text("the fit of another day")
    quick = ("--model", "capm", "--every", 60, "--draws", 20, "--tune", 60, "--chains", 2)
    status, first, err = run(*asked, *quick, "--info", files / "info.toml")
    assert status == 1
    assert "capm: problems of 1 of 1 fits" in err
    assert "as the file in the folder is of other data, settings or code (it stays): 1" in " ".join(first.split())
    assert other.read_text() == "the fit of another day"
    _, again, _ = run(*asked, *quick, "--info", files / "info.toml")
    assert "1 opened" in again
    assert again[again.index("Forecasts of") :] == first[first.index("Forecasts of") :]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--periods", 0), "periods is 0"),
        (("--every", 0), "--every 0 is less than --periods 1"),
        (("--every", 3, "--periods", 4), "--every 3 is less than --periods 4"),
        (("--model", "statik"), "Did you mean 'static'?"),
        (("--model", "static", "--model", "static"), "two models are called 'static'"),
        (("--model", "EWMA.toml"), "a model is called 'EWMA', as the benchmark is"),
        (("--model", "{files}/mine.toml"), "nonsense"),
        (("--over", "capn", "--model", "capm"), "Did you mean 'capm'?"),
        (("--first", "soon"), "--first soon: it is no date"),
        (("--first", "NaT"), "it is no date"),
        (("--first", "2021-06-01T00:00Z"), "it is no date"),
        (("--first", "1999-01-01"), "0 of 120 periods are before it"),
        (("--first", "2020-01-10"), "1 of 120 periods are before it"),
        (("--first", "2030-01-01"), "120 of 120 periods are before it"),
        (("--first", "2022-04-15", "--periods", 2), "and 2 from it on"),
        (("--portfolio", "{files}/other.csv"), "unknown asset 'z'"),
        (("--portfolio", "none.csv"), "none.csv"),
        (("--info", "none.toml"), "none.toml"),
        (("--draws", 1), "draws is 1"),
        (("--csv", "{files}/none/o.csv"), "in a folder that does not exist"),
        (("-o", "{files}/w.csv"), "w.csv"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(run, asked, files, monkeypatch, options, says):
    def never(*_):
        raise AssertionError("something was sampled")

    monkeypatch.setattr("bayesfactor.sampling.fitting.fit", never)
    status, out, err = run(*asked, *(str(option).format(files=files) for option in options))
    assert status == 2
    assert says in err
    assert len(err.splitlines()) == 1
    assert "Forecasts of" not in out


def test_too_few_dates(run, files, tmp_path):
    for name in ("returns", "factors"):
        pd.read_csv(files / f"{name}.csv").head(3).to_csv(tmp_path / f"{name}.csv", index=False)
    status, _, err = run("score", tmp_path / "returns.csv", tmp_path / "factors.csv", "-o", tmp_path / "walk")
    assert status == 2
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "walk").exists()
