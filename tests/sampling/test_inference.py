"""fit: what it returns, that it repeats, and that a broken run is never returned."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numba
import numpy as np
import nutpie
import pytest
import xarray as xr
from numba.core.event import install_recorder
from scipy.stats import norm

import bayesfactor as bf
from bayesfactor.base.errors import BayesFactorError, FitError, SpecError
from bayesfactor.base.progress import progress
from bayesfactor.posterior.diagnostics import statistic
from bayesfactor.spec.alphas import FreeZeroBeta, ScaledAlpha, SharpeAlpha
from bayesfactor.spec.factors import FactorLaw
from bayesfactor.spec.priors import HalfNormal, HalfNormalRate, Normal, NormalRate, Rate, SpikeSlab
from tests.support.panels import make_panel

CONTRACT = {
    "loading": ("asset", "factor"),
    "alpha": ("asset",),
    "residual_sd": ("asset",),
    "loading_mean": ("group", "factor"),
    "loading_scale": ("factor",),
    "alpha_scale": (),
    "risk_premium": ("factor",),
    "factor_mean": ("factor",),
    "factor_cov": ("factor", "factor_other"),
}


def small(**settings):
    return bf.Sampler(**{"draws": 25, "tune": 60, "chains": 2, "progress": False, **settings})


@pytest.fixture(scope="module")
def panel():
    return make_panel(assets=5, traded=1, other=1, periods=60, shortest=20, groups=2)


@pytest.mark.parametrize("model", ["static", "student_t"])
def test_the_seed_decides_whatever_the_cores(panel, model):
    one, two, other = (bf.fit(panel, model, small(seed=seed, cores=cores)) for seed, cores in ((3, 1), (3, 2), (4, 2)))
    assert one.posterior.identical(two.posterior)
    for name, draws in one.posterior.data_vars.items():
        assert not np.array_equal(draws, other.posterior[name]), name
        assert not np.array_equal(draws[0], draws[1]), name


@pytest.mark.parametrize("name", ["hier_fit", "student_fit"])
def test_the_posterior_is_that_of_the_contract(name, request):
    fit = request.getfixturevalue(name)
    sizes = {"asset": 9, "factor": 3, "factor_other": 3, "group": 3, "chain": 4, "draw": fit.sampler.draws}
    for variable, dims in CONTRACT.items():
        array = fit.posterior[variable]
        assert array.dims == ("chain", "draw", *dims)
        assert array.shape == tuple(sizes[dim] for dim in array.dims)
        assert np.isfinite(array).all()
    assert fit.posterior["asset"].values.tolist() == list(fit.panel.assets)
    assert fit.posterior["factor"].values.tolist() == ["f0", "f1", "f2"]
    assert fit.posterior["group"].values.tolist() == ["g0", "g1", "g2"]
    assert {"posterior", "sample_stats", "log_prior", "observed_data", "constant_data"} == set(fit.data.children)
    assert ("dof" in fit.posterior) == (name == "student_fit")
    assert set(fit.timings) == {"prepare", "compile", "sample", "recover"}
    assert min(fit.timings.values()) >= 0
    np.testing.assert_array_equal(fit.data["observed_data/returns"], fit.panel.returns)
    np.testing.assert_array_equal(fit.data["constant_data/factors"], fit.panel.factors)
    for accessor, variable in (
        (bf.loadings, "loading"),
        (bf.alphas, "alpha"),
        (bf.risk_premia, "risk_premium"),
    ):
        assert accessor(fit).drop_vars("identification", errors="ignore").identical(fit.posterior[variable])


def test_scales_are_positive_and_covariances_are_covariances(hier_fit):
    posterior = hier_fit.posterior
    for name in ("residual_sd", "loading_scale", "alpha_scale", "log_sigma_scale"):
        assert (posterior[name] > 0).all()
    omega = posterior["factor_cov"].values
    np.testing.assert_allclose(omega, np.swapaxes(omega, -1, -2), rtol=1e-9)
    assert (np.linalg.eigvalsh(omega) > 0).all()


def test_a_traded_factor_prices_itself(hier_fit):
    traded, other = ["f0", "f1"], "f2"
    premium, mean = hier_fit.posterior["risk_premium"], hier_fit.posterior["factor_mean"]
    np.testing.assert_array_equal(premium.sel(factor=traded), mean.sel(factor=traded))
    assert (premium.sel(factor=other) != mean.sel(factor=other)).all()


def test_the_caller_keeps_his_data(panel):
    before = [array.copy(deep=True) for array in (panel.returns, panel.factors, panel.groups)]
    bf.fit(panel, "student_t", small())
    for array, copy in zip((panel.returns, panel.factors, panel.groups), before, strict=True):
        assert array.identical(copy)
        assert not array.values.flags.writeable


def test_a_refit_of_any_shape_compiles_nothing(panel):
    """Numba takes its compiler's lock for whatever it compiles or loads."""
    models = ("static", "capm", "unpooled", "pooled", "student_t")
    for model in models:
        bf.fit(panel, model, small())
    wider = make_panel(assets=70, traded=1, other=2, periods=40)
    with install_recorder("numba:compiler_lock") as compilations:
        for model in models:
            bf.fit(wider, model, small(tune=50, draws=4, chains=1))
        assert compilations.buffer == []
        numba.njit(lambda x: x + 1)(1)
        assert compilations.buffer  # so it would have been seen


def test_a_model_uses_its_own_families_only(panel):
    fit = bf.fit(panel, "capm", small())
    assert fit.panel.factor_names == ("f0",)
    assert fit.posterior["loading"].sizes["factor"] == 1
    assert "f1" in panel.factor_names


def test_models_come_by_name_by_path_and_as_values(panel, tmp_path):
    path = bf.write_model(bf.FactorModel(), tmp_path / "mine.toml")
    fits = [bf.fit(panel, model, small()) for model in ("static", path, str(path), bf.FactorModel())]
    assert all(fit.posterior.identical(fits[0].posterior) for fit in fits)
    assert {fit.model_id for fit in fits} == {fits[0].model_id}


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "draws": (3, 0, -5, 10.0, "10", True, None),
        "tune": (49, 60.0, None),
        "chains": (0, 1.0, True),
        "seed": (-1, 1.5, None, 2**64),
        "cores": (0, -1, 1.5, "2", True),
        "target_accept": (0.0, 0.49, 1.0, float("nan"), "0.8"),
        "progress": ("no", 1),
    }.items(),
)
def test_bad_settings_are_refused(name, values):
    for value in values:
        with pytest.raises(SpecError, match=f"Sampler: {name} is") as caught:
            bf.Sampler(**{name: value})
        assert caught.value.place == f"Sampler.{name}"
        assert caught.value.found is value


def test_the_largest_seed_works(panel):
    assert bf.fit(panel, "capm", small(draws=4, seed=2**64 - 1)).sampler.seed == 2**64 - 1


def test_bad_input_is_refused_before_sampling(panel, monkeypatch):
    monkeypatch.setattr(nutpie, "sample", None)
    with pytest.raises(SpecError, match=r"expected a Panel, found DataArray.*bf\.integrate"):
        bf.fit(panel.returns)
    with pytest.raises(SpecError, match="Did you mean 'capm'"):
        bf.fit(panel, "cpam")
    with pytest.raises(SpecError, match="expected a model, found int"):
        bf.fit(panel, 7)
    with pytest.raises(BayesFactorError, match="No asset has a return"):
        bf.fit(replace(panel, returns=panel.returns.where(False)))


def test_an_interrupted_run_is_not_returned(panel, monkeypatch):
    whole = nutpie.sample

    def cut(*args, **settings):
        return whole(*args, **settings).isel(draw=slice(10))

    monkeypatch.setattr(nutpie, "sample", cut)
    with pytest.raises(FitError, match="interrupted: 20 of 50 draws"):
        bf.fit(panel, "static", small())

    def at_once(*args, **settings):
        return whole(*args, **settings).isel(draw=slice(0))

    monkeypatch.setattr(nutpie, "sample", at_once)
    with pytest.raises(FitError, match="interrupted: 0 of 50 draws"):
        bf.fit(panel, "static", small())

    def lost(*args, **settings):
        return whole(*args, **settings).isel(chain=slice(1))

    monkeypatch.setattr(nutpie, "sample", lost)
    with pytest.raises(FitError, match="interrupted: 25 of 50 draws"):
        bf.fit(panel, "static", small())

    def padded(*args, **settings):  # what the sampler gives when one chain had finished and the other had not
        tree = whole(*args, **settings)
        tree["posterior"]["theta"].values[1, 15:] = np.nan
        return tree

    monkeypatch.setattr(nutpie, "sample", padded)
    with pytest.raises(FitError, match="interrupted: 40 of 50 draws"):
        bf.fit(panel, "static", small())


@pytest.mark.parametrize("error", [RuntimeError, ValueError])
def test_a_failure_of_the_sampler_is_a_fit_error(panel, monkeypatch, error):
    def fail(*args, **settings):
        raise error("no finite starting point")

    monkeypatch.setattr(nutpie, "sample", fail)
    with pytest.raises(FitError, match="no finite starting point") as caught:
        bf.fit(panel, "static", small())
    assert isinstance(caught.value.__cause__, error)


def test_an_interrupt_from_the_keyboard_is_not_swallowed(panel, monkeypatch):
    def stop(*args, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(nutpie, "sample", stop)
    with pytest.raises(KeyboardInterrupt):
        bf.fit(panel, "static", small())


def test_an_asset_without_data_gets_its_groups_prior(hollow_fit):
    """beta ~ N(m_g, tau^2), alpha ~ N(0, tau_alpha^2): means, and variances as those of the sum."""
    posterior = hollow_fit.posterior
    away = posterior["loading"].sel(asset="a08") - posterior["loading_mean"].sel(group="g2")
    scales = {"loading": posterior["loading_scale"], "alpha": posterior["alpha_scale"]}
    for draws, scale in ((away, scales["loading"]), (posterior["alpha"].sel(asset="a08"), scales["alpha"])):
        z = draws / scale
        for moment, expected in ((z, 0.0), (z**2, 1.0)):
            error = statistic(moment, "mcse", method="mean")
            assert (np.abs(moment.mean(("chain", "draw")) - expected) < 5 * error).all()
    log_sigma = np.log(posterior["residual_sd"].sel(asset="a08"))  # normal noise
    offset = (log_sigma - posterior["log_sigma_mean"]) / posterior["log_sigma_scale"]
    assert abs(float(offset.mean())) < 5 * float(statistic(offset, "mcse", method="mean"))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def chains(done, divergences=0):
    return [SimpleNamespace(finished_draws=done, divergences=divergences)] * 2


def test_progress_is_a_bar_in_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with progress(None, 200) as report:
        report(chains(50, divergences=3))
    shown = terminal.getvalue()
    assert "Sampling" in shown
    assert "50 %" in shown
    assert "6 divergences" in shown
    assert "\x1b[" in shown  # drawn over, not line by line


def test_progress_is_lines_in_a_pipe(monkeypatch):
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    with progress(None, 200) as report:
        for done in (1, 25, 30, 60, 100, 100):
            report(chains(done))
    assert pipe.getvalue().splitlines() == ["sampling: 25 %", "sampling: 50 %", "sampling: 100 %"]


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_no_progress_on_request(monkeypatch, stream):
    monkeypatch.setattr("sys.stderr", quiet := stream())
    with progress(False, 200) as report:
        assert report is None
    assert quiet.getvalue() == ""


def test_a_fit_reports_progress(panel, capfd):
    bf.fit(panel, "capm", small(progress=None))
    assert capfd.readouterr().err.splitlines()[-1] == "sampling: 100 %"
    fit = bf.fit(panel, "capm", small())
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert isinstance(fit.data, xr.DataTree)


RATE = {"zero_beta": FreeZeroBeta(NormalRate(Rate(0.0), Rate(5.0)))}
SCALED, SHARPE = {"alpha": ScaledAlpha(HalfNormalRate(Rate(5.0)))}, {"alpha": SharpeAlpha(HalfNormal(0.5))}
SLAB = {"factors": FactorLaw(premium=(("on-chain", SpikeSlab(0.5)), ("default", Normal(0.0, 0.5))))}
HEAVY = {"noise": bf.read_model("student_t").noise}
PARTS = {"rate": RATE, "scaled": SCALED, "sharpe": SHARPE, "slab": SLAB, "all": {**RATE, **SHARPE, **SLAB, **HEAVY}}


@pytest.mark.parametrize("name", PARTS)
def test_every_new_choice_converges(cross_panel, name):
    fit = bf.fit(cross_panel, replace(bf.FactorModel(), **PARTS[name]), bf.Sampler(seed=2, progress=False))
    assert fit.problems == ()
    assert all(np.isfinite(variable).all() for variable in fit.posterior.data_vars.values())
    assert ("zero_beta" in fit.posterior) == (name in ("rate", "all"))
    assert ("mispricing_sharpe" in fit.posterior) == (name in ("sharpe", "all"))
    if name in ("sharpe", "all"):
        q, ratio = fit.posterior["mispricing_sharpe"], fit.posterior["alpha_scale"]
        assert (q > 0).all()
        if name == "all":  # a Sharpe ratio counts the noise's standard deviation, not its scale
            q = q / np.sqrt((fit.posterior["dof"] - 2) / fit.posterior["dof"])
        np.testing.assert_allclose(q / ratio, float((q / ratio)[0, 0]), rtol=1e-9)  # both are the same draw
    if name == "rate":
        assert float(fit.posterior["zero_beta"].std()) < 0.05 / 12  # the assets say something of it
        assert {"zero_beta", "risk_premium"} <= set(fit.data["log_prior"].to_dataset())


@pytest.mark.parametrize("name", ["static", "unpooled"])
def test_one_asset_has_no_divergences(name):
    """What assets differ by is then as in its prior, down to 0, where the level of residual volatility is theirs."""
    panel = make_panel(assets=1, periods=200, seed=3)
    fit = bf.fit(panel, name, bf.Sampler(draws=500, tune=500, chains=4, seed=1, progress=False))
    assert int(fit.data["sample_stats"]["diverging"].sum()) == 0
    draws = fit.posterior["log_sigma_scale"].values.ravel()
    assert abs((draws < 0.1).mean() - 2 * (norm.cdf(0.1 / 0.5) - 0.5)) < 0.04  # its prior is half-normal of scale 0.5
