"""The benchmarks: the hand-written models have our posterior, and the helpers do what their tables say."""

import importlib.util
import math

import numpy as np
import pytest
from scipy.stats import halfnorm, norm

import bayesfactor as bf
from bayesfactor.sampling.kernels.density_problem import prepare
from benchmarks.apart import run_apart
from benchmarks.common import Settings, Table, exponent, figure, report, spread
from benchmarks.handwritten import inputs, latent_model, pymc_model
from benchmarks.panels import simulate
from benchmarks.programs import covered
from benchmarks.roofline import flops
from benchmarks.start import imported
from benchmarks.structure import static_with
from tests.support.scaled import half_normal

RECIPES = {
    "whole": {"assets": 5, "factors": 2, "periods": 30, "seed": 1, "groups": 2},
    "unequal": {"assets": 5, "factors": 2, "periods": 30, "seed": 2, "groups": 2, "shortest": 8},
}
NUMBERS = ("loc", "sd", "spread")
SCALES = {"loading_scale": "loading_spread", "alpha_scale": "alpha_sd", "log_sigma_scale": "level_spread"}


def points(problem, count=4):
    """Points that differ in all but the factors' means, which hand-written models leave out."""
    theta = 0.5 * np.random.default_rng(3).normal(size=(count, problem.size))
    start, shape = problem.layout["factor_mean_z"]
    theta[:, start : start + shape[0]] = 0.2
    return theta


def natural(problem, data, theta):
    """Return the quantities of a hand-written model at theta, and log |d (log s, scales) / dz|."""
    level, omega, log_sigma = problem.scales(theta[None])
    z = {name: problem.block(theta, f"{name}_z") for name in SCALES}
    x = {name: half_normal(z[name]) for name in SCALES}
    log_s = 0.5 * np.log(np.exp(2 * log_sigma[0]) - data["resolution"] ** 2)
    found = {
        "loading_mean": data["loading_loc"] + data["loading_sd"] * problem.block(theta, "loading_mean_z"),
        **{name: data[prior] * x[name] for name, prior in SCALES.items()},
        "log_sigma_mean": level[0],
        "log_s": log_s,
    }
    v = problem.data["log_sigma_variance"]
    jacobian = np.log(omega[0] * np.sqrt(v / (v + omega[0] ** 2))).sum()
    jacobian -= 0.5 * np.log(data["level_sd"] ** -2.0 + (1 / (v + omega[0] ** 2)).sum())  # of the level
    return found, jacobian + sum(np.sum(norm.logpdf(z[name]) - halfnorm.logpdf(x[name])) for name in SCALES)


def conditional(data, found, rng):
    """Draw coefficients from their normal posterior given the rest, asset by asset; return them and their density."""
    coefficients, density = [], 0.0
    sigma = np.sqrt(np.exp(2 * found["log_s"]) + data["resolution"] ** 2)
    for i, group in enumerate(data["group"]):
        rows = np.isfinite(data["returns"][:, i])
        x, y = np.column_stack([np.ones(rows.sum()), data["factors"][rows]]), data["returns"][rows, i]
        spread_of = np.append(found["alpha_scale"] * sigma[i] / data["alpha_unit"], found["loading_scale"])
        centre = np.append(0.0, found["loading_mean"][group])
        covariance = np.linalg.inv(x.T @ x / sigma[i] ** 2 + np.diag(spread_of**-2))
        mean = covariance @ (x.T @ y / sigma[i] ** 2 + centre / spread_of**2)
        root = np.linalg.cholesky(covariance)
        z = rng.normal(size=len(mean))
        coefficients.append(mean + root @ z)
        density += -0.5 * z @ z - np.log(np.diag(root)).sum()
    return np.array(coefficients), density


def by_hand(data, likelihood):
    """Return the log joint density of the PyMC model as a function of its quantities, without Jacobians."""
    return density_of(pymc_model(data, likelihood))


def density_of(model):
    """Return the log joint density of a PyMC model as a function of its quantities, without Jacobians."""
    import pytensor

    names = [variable.name for variable in model.value_vars]
    as_written = pytensor.compile.mode.Mode(linker="py", optimizer=None)  # nothing is compiled
    function = pytensor.function(model.value_vars, model.logp(jacobian=False), mode=as_written)
    plain = {name: name.removesuffix("_log__") for name in names}
    return lambda at: float(function(*(np.log(at[q]) if q != name else at[q] for name, q in plain.items())))


@pytest.fixture(params=RECIPES)
def recipe(request):
    return RECIPES[request.param]


@pytest.mark.parametrize("likelihood", ["full", "statistics"])
def test_normal_model_by_hand_has_our_posterior(recipe, likelihood):
    """log p(theta, c, r) - log p(c | theta, r) by hand = our integrated density, but for one constant."""
    panel, rng = simulate(recipe), np.random.default_rng(4)
    data, problem = inputs(panel, "static"), prepare(panel, bf.read_model("static"))
    density, gaps = by_hand(data, likelihood), []
    for theta in points(problem):
        found, jacobian = natural(problem, data, theta)
        c, given = conditional(data, found, rng)
        joint = density({**found, "alpha": c[:, 0], "loading": c[:, 1:]})
        gaps.append(problem.evaluate(theta)[0] - (joint - given + jacobian))
    np.testing.assert_allclose(gaps, gaps[0], atol=1e-7)


def test_residual_factors_by_hand_are_factors_that_are_not_seen():
    """At any z: the model that samples z is the one with z among its factors, times the law of z."""
    panel, rng, count = simulate(RECIPES["whole"]), np.random.default_rng(5), 2
    data, (n, k) = inputs(panel, static_with(count)), (5, 2)
    z, groups = rng.normal(size=(30, count)), 2
    u = {name: rng.normal(size=n) for name in ("alpha_z", "log_sigma_z")}
    u |= {"loading_z": rng.normal(size=(n, k)), "residual_z": 0.01 * rng.normal(size=(n, count)), "z": z}
    shared = {"loading_mean": rng.normal(size=(groups, k)), "loading_scale": np.exp(rng.normal(size=k))}
    scales = {"alpha_scale": 0.001, "log_sigma_mean": -4.0, "log_sigma_scale": 0.3}
    residual = {"residual_mean": 0.01 * rng.normal(size=(groups, count)), "residual_scale": np.array([0.01, 0.02])}
    found = density_of(latent_model(data, count))({**u, **shared, **scales, **residual})

    wide = {name: np.append(data[f"loading_{name}"], np.full(count, data[f"common_{name}"])) for name in NUMBERS}
    seen = {**data, **{f"loading_{name}": value for name, value in wide.items()}}
    seen["factors"] = np.column_stack([data["factors"], z])
    mean = np.column_stack([shared["loading_mean"], residual["residual_mean"]])
    spread_of = np.append(shared["loading_scale"], residual["residual_scale"])
    log_s = scales["log_sigma_mean"] + scales["log_sigma_scale"] * u["log_sigma_z"]
    own = scales["alpha_scale"] * np.sqrt(np.exp(2 * log_s) + data["resolution"] ** 2) / data["alpha_unit"]
    loading = mean[data["group"]] + spread_of * np.column_stack([u["loading_z"], u["residual_z"]])
    at = {**scales, "loading_mean": mean, "loading_scale": spread_of, "log_s": log_s}
    density = by_hand(seen, "full")({**at, "alpha": own * u["alpha_z"], "loading": loading})
    jacobian = n * np.log(spread_of).sum() + n * np.log(scales["log_sigma_scale"]) + np.log(own).sum()
    assert found == pytest.approx(density + jacobian + norm.logpdf(z).sum(), rel=1e-10)


def student_gaps(panel, data, problem, density):
    """Return our density less that of another program at several points, with the Jacobian of our coordinates."""
    start, shape = problem.layout["coefficient_z"]
    assets, p = shape
    gaps = []
    for theta in points(problem):
        found, jacobian = natural(problem, data, theta)
        c = problem.coefficients(theta[None], assets, np.random.default_rng())[0]
        columns = np.empty((assets, p, p))
        for j in range(p):  # coefficients are linear in theirs: their slopes are differences
            moved = theta.copy()
            moved[start : start + assets * p].reshape(shape)[:, j] += 1.0
            columns[:, :, j] = problem.coefficients(moved[None], assets, np.random.default_rng())[0] - c
        excess = np.exp(problem.block(theta, "dof_z_log__"))
        jacobian += np.linalg.slogdet(columns)[1].sum() + np.log(excess)
        at = {**found, "alpha": c[:, 0], "loading": c[:, 1:], "dof_excess": data["dof_mean"] * excess}
        gaps.append(problem.evaluate(theta)[0] - (density(at) + jacobian))
    return gaps


def test_student_model_by_hand_has_our_posterior(recipe):
    panel = simulate(recipe)
    data, problem = inputs(panel, "student_t"), prepare(panel, bf.read_model("student_t"))
    gaps = student_gaps(panel, data, problem, by_hand(data, "full"))
    np.testing.assert_allclose(gaps, gaps[0], atol=1e-7)


def numpyro_densities(recipe, values):
    """Return NumPyro's log joint density at each point of each preset (in a process of its own: JAX keeps threads)."""
    import numpyro

    numpyro.enable_x64()
    from numpyro.infer.util import log_density

    from benchmarks.handwritten import numpyro_model

    found = {}
    for preset, each in values.items():
        model = numpyro_model(inputs(simulate(recipe), preset))
        arrays = [{name: np.asarray(value) for name, value in at.items()} for at in each]
        found[preset] = [float(log_density(model, (), {}, at)[0]) for at in arrays]
    return found


@pytest.mark.skipif(importlib.util.find_spec("numpyro") is None, reason="NumPyro is not installed: extra 'bench'")
def test_numpyro_models_are_the_pymc_ones():
    recipe, rng, values, expected = RECIPES["unequal"], np.random.default_rng(5), {}, {}
    for preset in ("static", "student_t"):
        data, problem = inputs(simulate(recipe), preset), prepare(simulate(recipe), bf.read_model(preset))
        density, values[preset], expected[preset] = by_hand(data, "full"), [], []
        for theta in points(problem, 3):
            at, _ = natural(problem, data, theta)
            at |= {"alpha": 1e-4 * rng.normal(size=5), "loading": rng.normal(size=(5, 2))}
            at |= {"dof_excess": rng.exponential(8.0)} if preset == "student_t" else {}
            values[preset].append({name: np.asarray(value).tolist() for name, value in at.items()})
            expected[preset].append(density(at))
    theirs = run_apart("tests.test_benchmarks:numpyro_densities", recipe, values).value
    for preset, densities in expected.items():
        np.testing.assert_allclose(densities, theirs[preset], rtol=1e-10)


def test_a_process_of_its_own_has_its_own_memory():
    before = np.ones(300 * 2**17)  # 300 MiB here are none of theirs
    small, large = (run_apart("tests.support.holding:hold", size) for size in (1, 201))
    assert large.value == 201 * 2**20
    assert large.peak - small.peak == pytest.approx(200, rel=0.1)
    assert small.seconds > 0
    assert before.size


def test_a_process_that_fails_says_why():
    with pytest.raises(RuntimeError, match="can't multiply sequence"):
        run_apart("tests.support.holding:hold", "many")


def test_exponent():
    """Exact without noise; its standard error is that of a regression of logarithms."""
    sizes = np.array([1, 3, 10, 30, 100.0])
    assert exponent(sizes, 2e-6 * sizes**1.25) == pytest.approx((1.25, 0.0), abs=1e-12)
    rng = np.random.default_rng(6)
    found = np.array([exponent(sizes, 3 * sizes**0.5 * np.exp(0.1 * rng.normal(size=5))) for _ in range(2000)])
    sampling = 0.1 / np.sqrt(np.sum((np.log(sizes) - np.log(sizes).mean()) ** 2))
    assert found[:, 0].mean() == pytest.approx(0.5, abs=4 * sampling / 2000**0.5)
    assert np.sqrt(np.mean(found[:, 1] ** 2)) == pytest.approx(sampling, rel=0.06)


def test_tables():
    rows = ({"what": "a", "s": spread([3.0, 1.0, 2.0])}, {"what": "b", "s": spread([0.123456])})
    text = report([Table("Times", rows, "A note.", ("scipy", "no such package"))], Settings(quick=True))
    assert "## Times\n\n| what | s |\n|---|---|\n| a | 2.00 (1.00 to 3.00) |\n| b | 0.123 |\n\nA note.\n" in text
    assert "scipy " in text
    assert "no such" not in text
    assert "mean nothing" in text
    with pytest.raises(ValueError, match="columns"):
        report([Table("Times", (*rows, {"what": "c"}), "")], Settings())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00012345, "0.000123"), (99.96, "100"), (1234.5, "1,230"), (0.0, "0"), (1e-7, "1.00e-07"), (math.nan, "nan")],
)
def test_figures(value, text):
    assert figure(value) == text


def test_steps_inside_steps_count_once():
    assert covered([(0, 4), (1, 2), (3, 5), (7, 8)]) == 6
    assert covered([]) == 0


def test_import_times_are_added_up():
    lines = ["import time: self [us] | cumulative | imported package", "import time:   1500 |  1500 |   a", "a warning"]
    assert imported("\n".join([*lines, "import time:       500 |       2000 | b"])) == 0.002


def test_arithmetic_is_that_of_a_count_by_hand():
    """One coefficient: A, its root's reciprocal, b - S m twice, two products, a square, and sixteen more."""
    assert flops("static", 10, 0, 99) == pytest.approx(10 * (2 / 3 + 9 + 17.5))
    assert flops("student_t", 1, 6, 1001) - flops("student_t", 1, 6, 1000) == 4 * 7 + 8
