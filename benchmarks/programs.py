"""One run of each program on one panel; every function is called in a process of its own (see `apart`)."""

import time
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.handwritten import QUANTITIES, inputs, numpyro_model, pymc_model


@dataclass(frozen=True)
class Run:
    """What one run took, and what it is worth.

    Attributes
    ----------
    compile_s, sample_s : float
    ess : float
        Smallest bulk effective sample size over all compared quantities.
    where : str
        The quantity that has it.
    divergences : int
    """

    compile_s: float
    sample_s: float
    ess: float
    where: str
    divergences: int


def summarise(draws, compile_s: float, sample_s: float, divergences: int) -> dict:
    """Return a run as JSON holds it; `draws` maps names to DataArrays (chain, draw, ...)."""
    from bayesfactor.posterior.diagnostics import statistic

    missing = [q for q in QUANTITIES if q not in draws and q != "dof"]
    if missing:
        raise ValueError(f"not drawn, so not comparable: {', '.join(missing)}")
    sizes = {q: float(np.min(statistic(draws[q], "ess", method="bulk"))) for q in QUANTITIES if q in draws}
    where = min(sizes, key=lambda name: sizes[name])
    return asdict(Run(compile_s, sample_s, sizes[where], where, divergences))


def bayesfactor(recipe: dict, preset: str, sizes: dict) -> dict:
    """Fit with bayesfactor; what comes after sampling (loadings, alphas, factor covariance) counts as sampling."""
    import bayesfactor as bf
    from benchmarks.panels import simulate

    fit = bf.fit(simulate(recipe), preset, bf.Sampler(**sizes, progress=False))
    seconds = fit.timings["sample"] + fit.timings["recover"]
    divergences = int(fit.data["sample_stats"]["diverging"].sum())
    draws = fit.posterior.assign(sigma=scales(fit))
    return summarise(draws, fit.timings["compile"], seconds, divergences)


def scales(fit):
    """Return the residual scales of a fit, which is what the hand-written models draw."""
    law, draws = fit.noise, fit.posterior
    return law.scale({name: draws[name] for name in ("residual_sd", *law.parameters)})


def pymc_nutpie(recipe: dict, preset: str, sizes: dict, likelihood: str) -> dict:
    """Sample the hand-written PyMC model with nutpie."""
    import nutpie

    from benchmarks.panels import simulate

    data = inputs(simulate(recipe), preset)
    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(pymc_model(data, likelihood))
    ready = time.perf_counter()
    tree = nutpie.sample(compiled, **sizes, progress_bar=False)
    seconds = time.perf_counter() - ready
    divergences = int(tree["sample_stats"]["diverging"].sum())
    return summarise(tree["posterior"].to_dataset(), ready - start, seconds, divergences)


def numpyro_nuts(recipe: dict, preset: str, sizes: dict) -> dict:
    """Sample the hand-written NumPyro model: double precision, its own NUTS, one host device for each chain."""
    import numpyro

    numpyro.set_host_device_count(sizes["chains"])
    numpyro.enable_x64()
    import jax
    import xarray as xr
    from numpyro.infer import MCMC, NUTS

    from benchmarks.panels import simulate

    compiling: list[tuple[float, float]] = []

    def listen(event: str, seconds: float, **_: object) -> None:
        if event.startswith("/jax/core/compile/"):
            now = time.perf_counter()
            compiling.append((now - seconds, now))

    data = inputs(simulate(recipe), preset)
    jax.monitoring.register_event_duration_secs_listener(listen)
    chains, draws, tune = sizes["chains"], sizes["draws"], sizes["tune"]
    mcmc = MCMC(NUTS(numpyro_model(data)), num_warmup=tune, num_samples=draws, num_chains=chains, progress_bar=False)
    start = time.perf_counter()
    mcmc.run(jax.random.PRNGKey(sizes["seed"]), extra_fields=("diverging",))
    found = {name: np.asarray(value) for name, value in mcmc.get_samples(group_by_chain=True).items()}
    total, compile_s = time.perf_counter() - start, covered(compiling)
    arrays = {
        name: xr.DataArray(value, dims=("chain", "draw", *(f"{name}_{i}" for i in range(value.ndim - 2))))
        for name, value in found.items()
    }
    divergences = int(np.asarray(mcmc.get_extra_fields()["diverging"]).sum())
    return summarise(arrays, compile_s, total - compile_s, divergences)


def covered(spans: list[tuple[float, float]]) -> float:
    """Return the length of the union of intervals: those of steps inside other steps count once."""
    total, reached = 0.0, -np.inf
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, reached))
        reached = max(reached, stop)
    return total
