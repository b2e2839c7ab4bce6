"""Moves of residual factors along which fitted returns stay as they are: without them loadings mix slowly."""

import numpy as np

from bayesfactor.sampling.latents.slice_sampler import slice_draw
from bayesfactor.sampling.latents.state import Law, State

WIDTH = 2.0  # of the first interval of log u, times sqrt(T): its standard deviation is about 1 / sqrt(2 T)


def shear(state: State) -> None:
    """Draw A (coefficient, residual factor) and the group means m given all else, and move along it.

    z_t -> z_t + A'x~_t / g_t, c_i -> c_i - A lambda_i, with x~ = x + shift and g the volatility that assets share. The
    density of (A, m) is normal: of the prior of z, that of c given m, that of m, and of returns as far as an asset's
    own volatility is not the common one. Coefficients that some asset does not have are left out.
    """
    law, rows, data = state.law(), state.rows, state.problem.data
    p, q = 1 + state.factors, len(rows.z)
    free = np.flatnonzero((law.sd[:p] > 0).all(axis=1))
    if not free.size or not q:
        return
    x = (rows.x + law.shift[:p, None])[free]
    xi, loading, w = rows.common * x, state.loading, law.sigma**-2.0
    precision = np.kron(xi @ xi.T, np.eye(q)).reshape(free.size, q, free.size, q)
    linear = -xi @ rows.z.T
    _add_own_volatility(state, law, x, w, precision, linear)
    group, groups = data["group_of"].astype(int), int(data["group_of"].max()) + 1
    member = np.eye(groups)[group]  # (asset, group)
    size, slopes = free.size * q, int(np.sum(free > 0))
    whole = np.zeros((size + slopes * groups,) * 2)
    right = np.zeros(len(whole))
    for place, k in enumerate(free):
        inverse = law.sd[k] ** -2.0
        away = state.coefficients[:, k] - (law.mean[k] if k == 0 else 0.0)
        precision[place, :, place] += (loading * inverse[:, None]).T @ loading
        linear[place] += loading.T @ (away * inverse)
        if k == 0:
            continue
        own = slice(size + (place - (free[0] == 0)) * groups, size + (place - (free[0] == 0) + 1) * groups)
        prior = data["loading_sd"][k - 1] ** -2.0
        whole[own, own] = np.diag(member.T @ inverse + prior)
        right[own] = member.T @ (away * inverse) + prior * data["loading_loc"][k - 1]
        cross = (loading * inverse[:, None]).T @ member  # (residual factor, group)
        whole[place * q : (place + 1) * q, own] = cross
        whole[own, place * q : (place + 1) * q] = cross.T
    whole[:size, :size], right[:size] = precision.reshape(size, size), linear.ravel()
    low = np.linalg.cholesky(whole)
    drawn = np.linalg.solve(low.T, np.linalg.solve(low, right) + state.rng.standard_normal(right.size))
    a = drawn[:size].reshape(free.size, q)
    rows.z = rows.z + a.T @ xi
    state.coefficients[:, free] -= loading @ a.T
    mean = state.group_means()
    mean[:, free[free > 0] - 1] = drawn[size:].reshape(slopes, groups).T
    state.set_group_means(mean)


def _add_own_volatility(
    state: State, law: Law, x: np.ndarray, w: np.ndarray, precision: np.ndarray, linear: np.ndarray
) -> None:
    """Add what returns say of A where an asset's own volatility differs from the common one."""
    rows, loading = state.rows, state.loading
    apart = rows.seen * rows.common - rows.root
    if not apart.any():
        return
    rest = rows.unexplained(state.on_rows(law), np.ascontiguousarray(loading))
    k, rows_count = x.shape
    squares = (x[:, None] * x[None]).reshape(-1, rows_count)
    information = (apart**2 @ squares.T).reshape(-1, k, k)
    both = loading[:, :, None] * loading[:, None, :] * w[:, None, None]
    precision += np.einsum("iab,ijl->ajbl", information, both)
    linear += ((apart * rest) @ x.T).T @ (loading * w[:, None])


def rescale(state: State) -> None:
    """Draw u for every residual factor j, and move z_j -> u z_j and its loadings, their means and spread by 1 / u.

    log u has the log-density (T - G - 1) log u - u^2 sum_t z_tj^2 / 2 + log p(n_j / u) + log p(kappa_j / u), as
    standardised loadings keep theirs; G is the number of groups, and a term of the spread's floor there is none.
    """
    data, rows, first = state.problem.data, state.rows, state.factors
    mean, spread = state.group_means(), state.spreads()
    groups, dates = len(mean), rows.z.shape[1]
    for j in range(len(rows.z)):
        k, square = first + j, float(rows.z[j] @ rows.z[j])
        loc, sd, scale = data["loading_loc"][k], data["loading_sd"][k], data["loading_spread"][k]
        own, kappa = mean[:, k], spread[k]

        def log_density(
            log_u: float,
            own: np.ndarray = own,
            loc: float = loc,
            sd: float = sd,
            relative: float = float(kappa / scale),
            square: float = square,
        ) -> float:
            u = np.exp(log_u)
            prior = float(np.sum(((own / u - loc) / sd) ** 2)) + (relative / u) ** 2
            return (dates - groups - 1) * log_u - 0.5 * (u * u * square + prior)

        u = np.exp(slice_draw(log_density, 0.0, WIDTH / dates**0.5, state.rng))
        rows.z[j] *= u
        state.coefficients[:, 1 + k] /= u
        mean[:, k] /= u
        spread[k] /= u
    state.set_group_means(mean)
    state.set_spreads(spread)
