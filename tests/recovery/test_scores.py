"""The page of scores: peers against closed forms and other programs, ours against the public verbs, and the tables."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesfactor as bf
from bayesfactor.analysis.comparison.judged import EQUAL, judged
from benchmarks.markets import read
from benchmarks.scores.measures import UNKNOWN, against, bias, covered, measured, root, variance
from benchmarks.scores.panels import CASES, books
from benchmarks.scores.peers import EXPANDING, LEAST, expanding, has_inverse, marginals, one_date, peers, walk_peers
from benchmarks.scores.tables import placed, section, summary, text
from benchmarks.scores.text import HEAD, NOTE
from benchmarks.scores.walk import PRESETS as PRESETS_OF_PAGE, fit_all, require_same, together, walk_presets
from benchmarks.truth.laws import NormalLaw
from benchmarks.truth.panels import Case, Dates
from benchmarks.truth.peers import ledoit_wolf
from tests.support.panels import make_panel
from tests.support.paths import ROOT

PRESETS = ("hierarchical", "static")
SAMPLER = bf.Sampler(draws=50, chains=2, progress=False)


@pytest.fixture(scope="module")
def case():
    """Eight assets, one of them listed late."""
    panel = make_panel(assets=8, traded=1, other=1, periods=140, seed=4)
    returns = panel.returns.copy()
    returns[:34, 3] = np.nan
    return Case("simulated", replace(panel, returns=returns), Dates(60, 40, 40), None, 0, 60, 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fits")


@pytest.fixture(scope="module")
def walks(case, folder):
    return walk_presets(case, PRESETS, SAMPLER, folder)


@pytest.fixture(scope="module")
def scores(case, walks):
    return together(case, walks)


@pytest.fixture(scope="module")
def reference(shared_data):
    known = shared_data.parent / "reference" / "uses" / "forecast_scores.json"
    if not known.is_file():
        pytest.skip("the numbers of other programs are not here: they are made of data that do not ship")
    return json.loads(known.read_text())


def test_scores_of_a_normal_law_are_scoringrules(reference):
    law = NormalLaw(("a",), np.array([0.01]), np.array([[0.05**2]]))
    found = marginals(law, np.eye(1), np.array([-0.02])).iloc[0]
    assert found["crps"] == pytest.approx(reference["normal"]["crps"], rel=1e-12)
    assert found["log_score"] == pytest.approx(-reference["normal"]["logs"], rel=1e-12)
    assert found["pit"] == pytest.approx(stats.norm(0.01, 0.05).cdf(-0.02), rel=1e-12)


def test_the_expanding_mean_is_that_of_another_program(reference, shared_data):
    """25 portfolios, 240 months: CRPS, log score and coverage of a walk made without this library."""
    table = read(shared_data, "french_monthly").loc["1990":"2019"]
    excess = table[[name for name in table if name.startswith("P25_")]].sub(table["RF"], axis=0)
    panel = bf.integrate(excess, table[["MKT_RF"]], {"MKT_RF": {"traded": True}}, calendar="monthly")
    case, wanted = Case("months", panel, Dates(120, 240, 240), None, 0, 120, 36), reference["walk_forward"]
    dates, _ = walk_peers(case, {EXPANDING: expanding})
    part = dates[dates["kind"] == "asset"]
    assert part["date"].nunique() == wanted["months"]
    assert part["crps"].mean() == pytest.approx(wanted["mean_crps"]["hist"], rel=1e-9)
    assert part["log_score"].mean() == pytest.approx(-wanted["mean_logs_hist"], rel=1e-9)
    assert covered(part, 0.9)[0] == pytest.approx(wanted["cover90_hist"], abs=1e-9)
    zero = 1 - (part["observed"] ** 2).sum() / ((part["observed"] - part["mean"]) ** 2).sum()
    assert zero == pytest.approx(wanted["r2_oos_vs_hist_pooled"]["zero"], rel=1e-9)


def test_one_date_of_a_peer(case):
    """Against scipy; what was not traded is in no score, and its portfolios are not judged."""
    panel, row = case.panel, 80
    returns = panel.returns.copy()
    returns[row, 2] = np.nan
    panel = replace(panel, returns=returns)
    (law,) = expanding(panel, [row], row, panel.assets)
    known = panel.returns.to_pandas().iloc[:row]
    np.testing.assert_allclose(np.diag(law.covariance), known.var() * (1 + 1 / known.count()))
    more = np.sqrt((1 + 1 / 80) * (1 + 1 / 46))
    assert law.covariance[0, 3] == pytest.approx(np.cov(known.iloc[34:, [0, 3]].T)[0, 1] * more)
    each, joint = one_date(law, judged(panel, books(panel)), row, np.arange(8))
    seen = np.delete(np.arange(8), 2)
    whole, value = law.covariance[np.ix_(seen, seen)], panel.returns.values[row, seen]
    assert joint["count"] == 7
    assert joint["log_score"] == pytest.approx(stats.multivariate_normal(law.mean[seen], whole).logpdf(value))
    table = each.set_index("asset")
    assert list(table.index) == [*np.array(panel.assets)[seen], EQUAL, LEAST]
    ones = np.ones(7)
    assert table.loc[LEAST, "sd"] == pytest.approx((ones @ np.linalg.solve(whole, ones)) ** -0.5)
    assert table.loc[EQUAL, "sd"] == pytest.approx(np.sqrt(whole.sum()) / 7)
    assert table.loc[EQUAL, "observed"] == pytest.approx(value.mean())


def test_a_covariance_without_an_inverse_has_no_joint_score(case):
    sample = np.cov(np.random.default_rng(0).normal(size=(5, 8)).T)
    assert has_inverse(np.eye(8))
    assert not has_inverse(sample)
    law = NormalLaw(case.panel.assets, np.zeros(8), sample)
    each, joint = one_date(law, judged(case.panel, books(case.panel)), 100, np.arange(8))
    assert np.isnan(joint["log_score"])
    assert LEAST not in set(each["asset"])
    assert each["crps"].notna().all()


def test_peers_are_new_on_every_date(case):
    """All but skfolio's, whose fits are slow."""
    panel, found = case.panel, peers(case)
    laws = {name: list(peer(panel, range(100, 103), 100, panel.assets)) for name, peer in found.items()}
    known = panel.returns.values[34:102]
    np.testing.assert_allclose(laws["Ledoit-Wolf"][2].covariance, ledoit_wolf(known))
    assert {name for name, (first, _, last) in laws.items() if first is last} == {"skfolio"}


def test_ours_are_those_of_the_public_verbs(case, folder, walks, scores):
    """The minimum variance of `moments` on a later date, and one joint score of normal residuals by two programs."""
    for own in walks:
        model = own.scores.dates["model"].iloc[0]
        fit = fit_all(case, model, SAMPLER, folder)["60"]
        (longer,) = bf.rolling(case.panel, 75, len(case.panel.times)).values()
        covariance = bf.moments(fit, after=longer).covariance
        weights = np.linalg.solve(covariance, np.ones(8))
        weights /= weights.sum()
        row = own.least.set_index("date").loc[case.panel.times[75]]
        assert row["observed"] == pytest.approx(weights @ case.panel.returns.values[75], rel=1e-6)
        assert row["sd"] == pytest.approx(np.sqrt(weights @ covariance @ weights), rel=1e-6)
        if model == "static":
            np.testing.assert_allclose(own.joint["log_score"], own.scores.joint["log_score_normal"], rtol=1e-9)
    held = scores.dates[scores.dates["asset"] == LEAST]
    assert held.groupby("model").size().unique().tolist() == [80]


def test_measures_of_models_and_peers(case, scores):
    found, other = measured(scores, 252), against(scores)
    assert list(found) == [*PRESETS, *peers(case)]
    assert found[EXPANDING]["crps"] == pytest.approx((1.0, 0.0))
    assert found[EXPANDING]["r2"][0] == pytest.approx(0.0, abs=1e-12)
    table = scores.table().query("asset == 'all assets'").set_index("model")
    for model, own in found.items():
        assert own["log"] == (table.loc[model, "log_score"], table.loc[model, "se"])
        assert own["cover 90"][0] == pytest.approx(table.loc[model, "cover_90"])
        assert own["crps"][0] == pytest.approx(table.loc[model, "crps"] / table.loc[EXPANDING, "crps"])
        wanted = scores.table().query("asset == @EQUAL and model == @model")["bias"].item()
        assert own["bias equal-weighted"][0] == pytest.approx(wanted, rel=0.01)
    for model, own in other.items():
        assert own["joint"][0] == pytest.approx(found["hierarchical"]["joint"][0] - found[model]["joint"][0])
        assert own["log"][0] == pytest.approx(found["hierarchical"]["log"][0] - found[model]["log"][0])
        assert own["risk"][0] == pytest.approx(found["hierarchical"]["volatility"][0] / found[model]["volatility"][0])


def test_right_and_wrong_laws_are_told_apart():
    """Standard normal returns under laws of the right standard deviation and of half of it."""
    rng, dates = np.random.default_rng(3), np.repeat(pd.date_range("2020-01-01", periods=400), 5)
    observed = pd.Series(rng.normal(size=2000))
    for sd in (1.0, 0.5):
        part = pd.DataFrame({"date": dates, "observed": observed, "mean": 0.0, "sd": sd})
        part["pit"] = stats.norm.cdf(observed / sd)
        value, error = bias(part)
        assert abs(value - 1 / sd) < 4 * error
        assert error == pytest.approx(1 / sd / np.sqrt(2 * 2000), rel=0.5)
        share, error = covered(part, 0.9)
        assert abs(share - (1 - 2 * stats.norm.cdf(-1.644854 * sd))) < 4 * error
    assert root(variance(observed, pd.Series(dates)))[0] == pytest.approx(observed.std(ddof=0))


def test_what_was_judged_by_other_returns_is_refused(scores):
    dates = scores.dates.copy()
    dates.loc[dates["model"] == "static", "observed"] += 1e-6
    with pytest.raises(ValueError, match="'static' was judged by other returns than 'hierarchical'"):
        require_same(replace(scores, dates=dates))
    less = scores.dates.drop(index=scores.dates.index[-30:])
    with pytest.raises(ValueError, match="skfolio"):
        require_same(replace(scores, dates=less))


def test_the_page_says_who_is_ahead(case, scores):
    away = {"a": 3.1, "b": -0.4, "c": -20.0, "d": np.nan}
    said = placed(away, "ahead of", "level with", "behind")
    assert said == "*ahead of* a (3.1); *level with* b (0.4); *behind* c (20.0)"
    assert text((0.12345, 0.01), 2, 100.0) == "12.35 (1.00)"
    assert text((np.nan, np.nan), 2, 1.0) == "no inverse"
    found, other = measured(scores, 252), against(scores)
    page = section(case, scores, found, other)
    assert page.count("\n| hierarchical |") == 2
    assert page.count("\n| skfolio |") == 3
    assert "2 fits, every 40 periods, of 60 to 100 periods; judged by 80 dates" in page


def test_the_summary_counts_who_is_ahead():
    """Ahead by three standard errors in log scores, level in CRPS, of one peer with and one without an inverse."""
    each = {"log": (0.3, 0.1), "crps": (0.99, 0.02)}
    panel = {"static": {"joint": (-0.3, 0.1), **each}, "expanding mean": {"joint": UNKNOWN, **each}}
    page = summary({"one": panel, "two": panel})
    assert "| static | -3.0 -3.0 | +3.0 +3.0 | +0.5 +0.5 |" in page
    assert "| expanding mean | none none | +3.0 +3.0 | +0.5 +0.5 |" in page
    assert "Of 4 comparisons" in page
    assert "in 2, level in 2 and behind in 0. All that it is behind: static (Joint log score, 2 of 2 panels)." in page


def test_the_page_is_that_of_the_program():
    """Its words; and every panel's models."""
    page = (ROOT / "docs" / "scores.md").read_text(encoding="utf-8")
    assert page.startswith(HEAD)
    assert NOTE in page
    for model in PRESETS_OF_PAGE:
        assert page.count(f"\n| {model} |") >= 2 * len(CASES)
