"""Alphas and loadings of the full PyMC graph, in the coordinates of a form."""

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pymc.distributions.shape_utils import rv_size_is_none

from bayesfactor.graph.loadings import Inclusion
from bayesfactor.graph.marginal import Symbols, conditional, from_standard, log_root, shifted
from bayesfactor.graph.parameters import Form, NormalLaw, coefficient

ALPHA, LOADING = ("asset",), ("asset", "factor")


@dataclass(frozen=True)
class Expected:
    """What makes the expected return of asset i, alpha_i + rate + beta_i'(f_t + shift), of laws and other variables."""

    alpha: NormalLaw
    loading: NormalLaw
    rate: pt.TensorVariable
    shift: pt.TensorVariable  # lambda - mu (factor)
    inclusion: Inclusion | None = None

    @property
    def mean(self) -> pt.TensorVariable:
        """Means of (alpha_i + rate, beta_i') (asset, coefficient)."""
        return pt.concatenate([(self.alpha.loc + self.rate)[:, None], self.loading.loc], axis=1)

    @property
    def sd(self) -> pt.TensorVariable:
        """Standard deviations of the free coefficients (asset, free coefficient)."""
        alpha = [] if self.alpha.sd is None else [self.alpha.sd[:, None]]
        return pt.concatenate(alpha if self.loading.sd is None else [*alpha, self.loading.sd], axis=1)

    @property
    def free(self) -> slice:
        """Which coefficients are free."""
        return slice(int(self.alpha.sd is None), None if self.loading.sd is not None else 1)


def coefficients(
    of: Expected, sigma: pt.TensorVariable, data: dict, form: Form
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Add ``alpha`` (asset) and ``loading`` (asset, factor); return them.

    The centred form samples them themselves. In the non-centred form what their laws leave free is c_i = m_i + D_i u_i
    with u_i ~ N(0, I), and is sampled as ``coefficient_z``::

        z_i = L_i' u_i - L_i^-1 v_i ~ N(-L_i^-1 v_i, L_i' L_i)
        L_i L_i' = I + D_i S_i D_i / s_i^2,  v_i = D_i (b_i - S_i m_i) / s_i^2

    where S_i = sum_t w_it x_t x_t', b_i = sum_t w_it x_t r_it, x_t = (1, f_t' + shift')'. Under normal noise and these
    weights z_i is a standard normal given the rest. The law of c_i is the same whatever S_i and b_i are.

    Loadings that may be out are sampled as if they were in, by the name ``loading_in`` in the centred form.
    """
    if of.inclusion is not None and form is Form.CENTRED:
        loading = _where_included(of.inclusion, coefficient("loading_in", of.loading, form, LOADING))
        alpha = coefficient("alpha", of.alpha, form, ALPHA)
        return alpha, pm.Deterministic("loading", loading, dims=LOADING)
    if form is Form.CENTRED or (of.alpha.sd is None and of.loading.sd is None):
        return coefficient("alpha", of.alpha, form, ALPHA), coefficient("loading", of.loading, form, LOADING)
    step = of.sd * _near_standard(of, sigma, data)
    alpha = of.alpha.loc if of.alpha.sd is None else of.alpha.loc + step[:, 0]
    loading = of.loading.loc if of.loading.sd is None else of.loading.loc + step[:, 1 - of.free.start :]
    loading = loading if of.inclusion is None else _where_included(of.inclusion, loading)
    return pm.Deterministic("alpha", alpha, dims=ALPHA), pm.Deterministic("loading", loading, dims=LOADING)


def _where_included(inclusion: Inclusion, loading: pt.TensorVariable) -> pt.TensorVariable:
    return pt.where(pt.eq(inclusion.included, 1), loading, inclusion.out)


def _near_standard(of: Expected, sigma: pt.TensorVariable, data: dict) -> pt.TensorVariable:
    """Add ``coefficient_z``; return u (asset, free coefficient)."""
    own, graph = of.free, pm.modelcontext(None)
    graph.add_coord("coefficient", ("alpha", *(f"loading {factor}" for factor in graph.coords["factor"]))[own])
    symbols = Symbols(of.mean, of.sd, pt.log(sigma), pt.concatenate([[0.0], of.shift]))
    low, half, _ = conditional(symbols, *shifted(symbols.shift, data["surrogate_xx"], data["surrogate_xy"]), own)
    z = pm.CustomDist(
        "coefficient_z",
        low,
        half,
        dist=_draw,
        logp=_log_density,
        signature="(k,k),(k)->(k)",
        initval=np.zeros(data["surrogate_xy"].get_value()[:, own].shape),
        dims=("asset", "coefficient"),
    )
    return from_standard(low, half, z)


def _draw(low: pt.TensorVariable, half: pt.TensorVariable, size: pt.TensorVariable) -> pt.TensorVariable:
    """Return L'u - L^-1 v, u ~ N(0, I)."""
    shape = half.shape if rv_size_is_none(size) else pt.concatenate([size, half.shape[-1:]])
    u = pm.Normal.dist(0.0, 1.0, size=shape)
    return (low * u[..., :, None]).sum(-2) - half


def _log_density(z: pt.TensorVariable, low: pt.TensorVariable, half: pt.TensorVariable) -> pt.TensorVariable:
    u = from_standard(low, half, z)
    return -0.5 * (u**2 + np.log(2 * np.pi)).sum(-1) - log_root(low)
