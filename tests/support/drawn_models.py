"""Models drawn at random, of every choice and with every number that a model file holds (hypothesis)."""

from dataclasses import replace

from hypothesis import strategies as st

import bayesfactor as bf
from bayesfactor.spec import priors

number = st.floats(-1e6, 1e6, allow_nan=False)
positive = st.floats(1e-9, 1e9, allow_nan=False)
per = st.sampled_from(["year", "period"])
rates, scales = st.builds(priors.Rate, number, per), st.builds(priors.Rate, positive, per)
normals = st.builds(priors.Normal, number, positive)
halves = st.builds(priors.HalfNormal, positive)
units = st.sampled_from(["beta", "standardised"])
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def by_key(items):
    return st.dictionaries(names, items, max_size=3).map(lambda table: tuple(table.items()))


own = st.builds(bf.LoadingPrior, normals, units)
grouped = st.builds(bf.GroupedPrior, normals, halves, units)
inclusions = st.builds(bf.BetaInclusion, positive, positive, st.sampled_from(["zero", "group"]), positive)
loadings = st.one_of(
    st.builds(bf.GroupedLoadings, by_key(grouped), inclusion=by_key(st.one_of(inclusions, st.just(1.0)))),
    st.builds(bf.FreeLoadings, by_key(own)),
    st.builds(bf.CommonLoadings, by_key(own)),
)
alphas = st.one_of(
    st.just(bf.ZeroAlpha()),
    st.builds(bf.ShrunkAlpha, st.builds(priors.HalfNormalRate, scales)),
    st.builds(bf.ScaledAlpha, st.builds(priors.HalfNormalRate, scales)),
    st.builds(bf.SharpeAlpha, halves),
    st.builds(bf.AppraisalAlpha, halves),
    st.builds(bf.FreeAlpha, st.builds(priors.NormalRate, rates, scales)),
)
rate_laws = st.one_of(st.just(bf.NoZeroBeta()), st.builds(bf.FreeZeroBeta, st.builds(priors.NormalRate, rates, scales)))
share = st.floats(1e-6, 1 - 1e-6)
slabs = st.builds(priors.SpikeSlab, positive, share, share, positive)
levels = st.builds(priors.LogNormalRate, scales, positive)
tails = st.builds(priors.Exponential, positive, st.floats(2.01, 50.0))
counts = st.one_of(st.integers(1, 5), st.just("auto"))
residual_factors = st.one_of(
    st.fixed_dictionaries({}, optional={"groups": normals}),
    st.fixed_dictionaries(
        {"common": st.builds(bf.CommonResiduals, counts, halves, normals)}, optional={"groups": normals}
    ),
    st.fixed_dictionaries({"common": st.builds(bf.CommonResiduals, st.just(0), halves), "groups": normals}),
)
normal_noises = st.builds(
    lambda level, spread, others: bf.NormalNoise(level, spread, **others), levels, halves, residual_factors
)
tailed = st.builds(bf.StudentTNoise, levels, halves, tails)
errors = st.one_of(
    st.builds(bf.KnownReliability, share, unbiased=st.booleans()),
    st.builds(bf.BetaReliability, positive, positive, st.sampled_from(["", "a second series"]), st.booleans()),
)
laws = st.builds(
    bf.FactorLaw,
    by_key(st.one_of(normals, slabs)),
    normals,
    st.builds(priors.InverseWishart, positive),
    error=by_key(errors).filter(lambda found: not {"default", "a second series"} & set(dict(found))),
)


def model_of(*given):
    """A model, without what its noise and its loadings do not go with."""
    name, families, loadings, alpha, rate, factors, noise = given
    if noise.has_residual_factors and not isinstance(loadings, bf.GroupedLoadings):
        noise = bf.NormalNoise(noise.level, noise.spread)
    if not noise.sums_suffice and isinstance(loadings, bf.GroupedLoadings):
        loadings = replace(loadings, inclusion=tuple((key, 1.0) for key, _ in loadings.inclusion))
    return bf.FactorModel(
        name, families, loadings, alpha, rate, factors if noise.sums_suffice else replace(factors, error=()), noise
    )


noises = st.one_of(normal_noises, tailed)
families = st.lists(names, max_size=3).map(tuple)
models = st.builds(model_of, names, families, loadings, alphas, rate_laws, laws, noises)
