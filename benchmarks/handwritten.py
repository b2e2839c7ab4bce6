"""The presets `static` and `student_t` (traded factors only) as one writes them by hand, centred and vectorised.

    beta_ik ~ N(m_g(i)k, tau_k^2)   m_gk ~ N(loc_k, sd_k^2)   tau_k ~ HalfNormal
    log s_i ~ N(l, omega^2)         sigma_i^2 = s_i^2 + resolution^2   alpha_i ~ N(0, (tau_alpha sigma_i / s)^2)
    r_it ~ N(alpha_i + beta_i'f_t, sigma_i^2), or Student-t with that centre and scale

The models take arrays only: nothing of bayesfactor is imported to build or to sample one.
"""

from collections.abc import Mapping

import numpy as np

QUANTITIES = ("loading", "alpha", "sigma", "loading_mean", "loading_scale", "alpha_scale", "log_sigma_mean")
QUANTITIES = (*QUANTITIES, "log_sigma_scale", "dof")  # what all programs report, and are compared on


def inputs(panel, preset) -> dict[str, np.ndarray]:
    """Return all that the models take: data, sufficient statistics, and a model's priors as numbers per period."""
    import bayesfactor as bf
    from bayesfactor.graph.inputs import prior_data
    from bayesfactor.panel.design import observe
    from bayesfactor.spec.scaling import scale_priors

    scaled = scale_priors(observe(panel), bf.read_model(preset) if isinstance(preset, str) else preset)
    priors, common = prior_data(scaled), scaled.residual_factors
    if common is not None:
        priors |= {"common_loc": common.loc, "common_sd": common.sd, "common_spread": common.spread}
    group = np.array([panel.group_names.index(name) for name in panel.groups.values])
    return {
        "returns": panel.returns.values,
        "factors": panel.aligned,
        "group": group,
        **{name: np.asarray(value) for name, value in vars(panel.moments).items()},
        **{name: np.asarray(value, dtype=float) for name, value in priors.items()},
    }


def pymc_model(data: Mapping[str, np.ndarray], likelihood: str):
    """Return the PyMC model; `likelihood` is ``full``, or ``statistics`` (normal noise only)."""
    import pymc as pm
    import pytensor.tensor as pt

    group, (periods, n), k = data["group"], data["returns"].shape, data["factors"].shape[1]
    with pm.Model() as model:
        mean = pm.Normal("loading_mean", data["loading_loc"], data["loading_sd"], shape=(group.max() + 1, k))
        spread = pm.HalfNormal("loading_scale", data["loading_spread"], shape=k)
        loading = pm.Normal("loading", mean[group], spread, shape=(n, k))
        alpha_scale = pm.HalfNormal("alpha_scale", float(data["alpha_sd"]))
        level = pm.Normal("log_sigma_mean", float(data["level_loc"]), float(data["level_sd"]))
        omega = pm.HalfNormal("log_sigma_scale", float(data["level_spread"]))
        log_s = pm.Normal("log_s", level, omega, shape=n)
        sigma = pm.Deterministic("sigma", pt.sqrt(pt.exp(2 * log_s) + float(data["resolution"]) ** 2))
        alpha = pm.Normal("alpha", 0.0, alpha_scale * sigma / float(data["alpha_unit"]), shape=n)
        if likelihood == "statistics":
            c = pt.concatenate([alpha[:, None], loading], axis=1)
            xx = np.moveaxis(data["xx"], -1, 0)
            rss = data["yy"] - 2 * (c * data["xy"].T).sum(1) + ((xx * c[:, None, :]).sum(2) * c).sum(1)
            pm.Potential("likelihood", (-data["count"] * pt.log(sigma) - 0.5 * rss / sigma**2).sum())
            return model
        fitted, scale = alpha[None] + pt.dot(data["factors"], loading.T), sigma[None]
        observed, at = data["returns"], np.nonzero(np.isfinite(data["returns"]))
        if len(at[0]) < periods * n:
            fitted, scale, observed = fitted[at], sigma[at[1]], observed[at]
        if data["dof_mean"] > 0:
            excess = pm.Exponential("dof_excess", 1 / float(data["dof_mean"]))
            dof = pm.Deterministic("dof", float(data["dof_above"]) + excess)
            pm.StudentT("returns", nu=dof, mu=fitted, sigma=scale, observed=observed)
        else:
            pm.Normal("returns", fitted, scale, observed=observed)
    return model


def latent_model(data: Mapping[str, np.ndarray], count: int):
    """Return the PyMC model `static` with residual factors z_t as they are written down, not centred; no gaps.

    r_t ~ N(alpha + B f_t + L z_t, diag(sigma^2))   z_t ~ N(0, I)
    lambda_ij ~ N(n_g(i)j, kappa_j^2)   n_gj ~ N(loc, sd^2)   kappa_j ~ HalfNormal
    """
    import pymc as pm
    import pytensor.tensor as pt

    group, (periods, n), k = data["group"], data["returns"].shape, data["factors"].shape[1]
    groups = group.max() + 1
    with pm.Model() as model:
        mean = pm.Normal("loading_mean", data["loading_loc"], data["loading_sd"], shape=(groups, k))
        spread = pm.HalfNormal("loading_scale", data["loading_spread"], shape=k)
        loading = pm.Deterministic("loading", mean[group] + spread * pm.Normal("loading_z", shape=(n, k)))
        level = pm.Normal("log_sigma_mean", float(data["level_loc"]), float(data["level_sd"]))
        omega = pm.HalfNormal("log_sigma_scale", float(data["level_spread"]))
        log_s = level + omega * pm.Normal("log_sigma_z", shape=n)
        sigma = pm.Deterministic("sigma", pt.sqrt(pt.exp(2 * log_s) + float(data["resolution"]) ** 2))
        ratio = pm.HalfNormal("alpha_scale", float(data["alpha_sd"])) / float(data["alpha_unit"])
        alpha = pm.Deterministic("alpha", ratio * sigma * pm.Normal("alpha_z", shape=n))
        centre = pm.Normal("residual_mean", float(data["common_loc"]), float(data["common_sd"]), shape=(groups, count))
        kappa = pm.HalfNormal("residual_scale", float(data["common_spread"]), shape=count)
        away = kappa * pm.Normal("residual_z", shape=(n, count))
        common = pm.Deterministic("residual_loading", centre[group] + away)
        z = pm.Normal("z", shape=(periods, count))
        fitted = alpha + pt.dot(data["factors"], loading.T) + pt.dot(z, common.T)
        pm.Normal("returns", fitted, sigma, observed=data["returns"])
    return model


def numpyro_model(data: Mapping[str, np.ndarray]):
    """Return the NumPyro model, a function without arguments; the full likelihood."""
    import jax.numpy as jnp
    import numpyro
    from numpyro import distributions as dist

    group, (periods, n), k = data["group"], data["returns"].shape, data["factors"].shape[1]
    at = np.nonzero(np.isfinite(data["returns"]))
    whole = len(at[0]) == periods * n
    observed = jnp.asarray(data["returns"] if whole else data["returns"][at])
    shape, factors, tails = (group.max() + 1, k), jnp.asarray(data["factors"]), float(data["dof_mean"]) > 0

    def model():
        law = dist.Normal(jnp.asarray(data["loading_loc"]), jnp.asarray(data["loading_sd"])).expand(shape).to_event(2)
        mean = numpyro.sample("loading_mean", law)
        spread = numpyro.sample("loading_scale", dist.HalfNormal(jnp.asarray(data["loading_spread"])).to_event(1))
        loading = numpyro.sample("loading", dist.Normal(mean[group], spread).to_event(2))
        alpha_scale = numpyro.sample("alpha_scale", dist.HalfNormal(float(data["alpha_sd"])))
        level = numpyro.sample("log_sigma_mean", dist.Normal(float(data["level_loc"]), float(data["level_sd"])))
        omega = numpyro.sample("log_sigma_scale", dist.HalfNormal(float(data["level_spread"])))
        log_s = numpyro.sample("log_s", dist.Normal(level, omega).expand((n,)).to_event(1))
        scale = jnp.sqrt(jnp.exp(2 * log_s) + float(data["resolution"]) ** 2)
        sigma = numpyro.deterministic("sigma", scale)
        own = alpha_scale * sigma / float(data["alpha_unit"])
        alpha = numpyro.sample("alpha", dist.Normal(jnp.zeros(n), own).to_event(1))
        fitted = alpha + factors @ loading.T
        if not whole:
            fitted, sigma = fitted[at], sigma[at[1]]
        if tails:
            excess = numpyro.sample("dof_excess", dist.Exponential(1 / float(data["dof_mean"])))
            dof = numpyro.deterministic("dof", float(data["dof_above"]) + excess)
            numpyro.sample("returns", dist.StudentT(dof, fitted, sigma), obs=observed)
        else:
            numpyro.sample("returns", dist.Normal(fitted, sigma), obs=observed)

    return model
