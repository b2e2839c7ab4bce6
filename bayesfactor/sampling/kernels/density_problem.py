"""One model on one panel as numbers: the layout of a point theta, the buffer, and the quantities made from a draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.special import ndtri

from bayesfactor.base.errors import SpecError
from bayesfactor.graph.inputs import graph_data
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.panel.panel import require_returns
from bayesfactor.sampling.kernels import compiled
from bayesfactor.sampling.kernels.mixture import quantiles
from bayesfactor.sampling.kernels.normal import lower_triangle, padded_size, to_blocks
from bayesfactor.sampling.kernels.prior import COMMON, FREE, GROUPED, SCALARS
from bayesfactor.sampling.kernels.simd import WIDTH
from bayesfactor.sampling.kernels.student_likelihood import STEP
from bayesfactor.spec.loadings import CommonLoadings, FreeLoadings, GroupedLoadings, Loadings
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.noise import Noise, NormalNoise, StudentTNoise
from bayesfactor.spec.scaling import ScaledPriors, scale_priors

CHUNK = 100  # draws whose coefficients are made at once
STRATA = 4  # consecutive draws that share a Latin hypercube
ORDERS = np.array(list(permutations(range(STRATA))), dtype=float)
KINDS: dict[type, int] = {GroupedLoadings: GROUPED, FreeLoadings: FREE, CommonLoadings: COMMON}
Layout = dict[str, tuple[int, tuple[int, ...]]]  # name of a block -> where it starts, shape


def layout(panel: PanelBase, model: FactorModel, priors: ScaledPriors) -> Layout:
    """Return the place of each sampled quantity in theta; names are those of the PyMC graph's value variables."""
    n, k = len(panel.assets), len(panel.factor_info)
    others = sum(not factor.traded for factor in panel.factor_info)
    grouped, common = isinstance(model.loadings, GroupedLoadings), isinstance(model.loadings, CommonLoadings)
    tails = isinstance(model.noise, StudentTNoise)
    blocks: list[tuple[str, tuple[int, ...] | None]] = [
        ("factor_mean_z", (k,)),
        ("premium_z", (others,) if others else None),
        ("loading_mean_z", (len(panel.group_names), k)) if grouped else ("loading_common_z", (k,) if common else None),
        ("loading_scale_z", (k,) if grouped else None),
        ("alpha_scale_z", () if priors.alpha.hierarchical else None),
        ("log_sigma_mean_z", ()),
        ("log_sigma_scale_z", ()),
        ("log_sigma_z", (n,)),
        ("dof_z_log__", () if tails else None),
        ("coefficient_z", (n, k + 1) if tails else None),
        ("zero_beta_z", () if priors.zero_beta is not None else None),
    ]
    result: Layout = {}
    at = 0
    for name, shape in blocks:
        if shape is None:
            result[name] = (-1, ())
        else:
            result[name] = (at, shape)
            at += int(np.prod(shape))
    return result


@dataclass(frozen=True, eq=False)
class DensityProblem:
    """A model on a panel, ready to be sampled.

    Attributes
    ----------
    layout : dict
        As `layout` returns it.
    buffer : array
        Every number of data and priors, read by the compiled density.
    student : bool
        Whether the noise is Student-t; normal otherwise.
    non_traded : array of int
        Indices of the non-traded factors.
    data : mapping of str to array
        As `graph_data` returns it.
    design, model, priors
        What it is of.
    """

    layout: Layout
    buffer: np.ndarray
    student: bool
    non_traded: np.ndarray
    data: Mapping[str, np.ndarray]
    design: Design
    model: FactorModel
    priors: ScaledPriors

    @property
    def size(self) -> int:
        """Length of theta."""
        return max(at + int(np.prod(shape)) for at, shape in self.layout.values() if at >= 0)

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return log-density and gradient at one point."""
        gradient = np.empty(self.size)
        density = compiled.density_student if self.student else compiled.density_normal
        return density(np.ascontiguousarray(theta, dtype=float), self.buffer, gradient), gradient

    def block(self, draws: np.ndarray, name: str) -> np.ndarray | None:
        """Return one block of theta from draws (..., theta), or None where the model has none."""
        at, shape = self.layout.get(name, (-1, ()))
        if at < 0:
            return None
        stop = at + int(np.prod(shape))
        return draws[..., at:stop].reshape((*draws.shape[:-1], *shape))

    def means(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return factor means and risk premia (draw, factor) for draws (draw, theta)."""
        data, others = self.data, self.non_traded
        gap = data["factor_mean_unit"] * self.block(draws, "factor_mean_z")
        mean = data["factor_mean_start"] + gap
        premium = mean.copy()
        z = self.block(draws, "premium_z")
        if z is not None:
            own = (1 - data["premium_blend"]) * gap
            premium[:, others] = data["premium_sd"][others] * z + own[:, others]
            for place, k in enumerate(others):
                if data["premium_inclusion"][k] < 1:
                    prior = (data[f"premium_{name}"][k] for name in ("sd", "spike", "inclusion"))
                    premium[:, k] = quantiles(z[:, place], *prior)
        return mean, premium

    def zero_beta(self, draws: np.ndarray) -> np.ndarray | None:
        """Return the zero-beta rate (draw) for draws (draw, theta), or None where the model has none."""
        z = self.block(draws, "zero_beta_z")
        return None if z is None else self.data["zero_beta_loc"] + self.data["zero_beta_sd"] * z

    def level(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return level l and spread omega (draw) of log sigma for draws (draw, theta)."""
        level, spread = self._level(draws)
        return level, np.abs(spread)

    def _level(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what `level` does, the spread with the sign with which it is sampled."""
        level = self.data["level_loc"] + self.data["level_sd"] * self.block(draws, "log_sigma_mean_z")
        return level, self.data["level_spread"] * self.block(draws, "log_sigma_scale_z")

    def scales(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return level l, spread omega (draw) and log sigma (draw, asset) for draws (draw, theta)."""
        data = self.data
        level, spread = self._level(draws)
        z, v = self.block(draws, "log_sigma_z"), data["log_sigma_variance"]
        both = v + spread[:, None] ** 2
        a = (data["log_sigma_start"] - level[:, None]) * spread[:, None] / both + np.sqrt(v / both) * z
        log_sigma = np.logaddexp(2 * (level[:, None] + spread[:, None] * a), 2 * np.log(data["resolution"])) / 2
        return level, np.abs(spread), log_sigma

    def coefficients(self, draws: np.ndarray, assets: int, rng: np.random.Generator) -> np.ndarray:
        """Return coefficients (draw, asset, coefficient) for draws (draw, theta): exact draws given theta.

        With normal noise they are drawn from their conditional posterior, by `stratified_normals`; with Student-t noise
        they are part of theta.
        """
        p = self.layout["factor_mean_z"][1][0] + 1
        result = np.empty((len(draws), assets, p))
        if self.student:
            compiled.coefficients_student(np.ascontiguousarray(draws), self.buffer, result)
            return result
        for start in range(0, len(draws), CHUNK):
            some = np.ascontiguousarray(draws[start : start + CHUNK])
            z = stratified_normals(rng, (len(some), p, assets))
            compiled.coefficients_normal(some, self.buffer, z, result[start : start + CHUNK])
        return result


def stratified_normals(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return standard normals whose first axis is the draw: independent within a draw, stratified over four draws.

    Over four consecutive draws each number falls in every quarter of the normal distribution once, in random order and
    independently of the other numbers: a Latin hypercube. A single draw is a vector of independent standard normals.
    The average over draws of a function that is nearly additive in these numbers has a far smaller variance than over
    independent draws, and never more than 4/3 of it (Owen 1997, SIAM J. Numer. Anal. 34, 1884-1910).
    """
    blocks, size = -(-shape[0] // STRATA), int(np.prod(shape[1:]))
    order = rng.integers(len(ORDERS), size=(blocks, size), dtype=np.uint8)
    share = rng.random((blocks, STRATA, size))
    for place in range(STRATA):
        share[:, place] += ORDERS[:, place].take(order)
    share /= STRATA
    edge = 2.0**-53
    np.clip(share, edge, 1 - edge, out=share)
    return ndtri(share, out=share).reshape(-1, *shape[1:])[: shape[0]]


def prepare(panel: PanelBase, model: FactorModel) -> DensityProblem:
    """Return the problem of a model on a panel (already restricted to the model's factors), weighted as it says."""
    design = model.design(panel)
    return pack(design, model, scale_priors(design, model))


def pack(design: Design, model: FactorModel, priors: ScaledPriors) -> DensityProblem:
    """Return the problem of a model on the design of a panel (already restricted to the model's factors)."""
    panel = design.panel
    data, where = graph_data(design, model, priors), layout(panel, model, priors)
    kind = KINDS.get(type(model.loadings))
    if kind is None:
        raise _uncovered("loadings", model.loadings)
    others = [i for i, factor in enumerate(panel.factor_info) if not factor.traded]
    size = [len(panel.assets), len(panel.factor_info), len(panel.group_names), len(others), kind]
    spare = padded_size(size[0]) - size[0]
    prior = [
        np.array(size),
        np.array([at for at, _ in where.values()]),
        data["group_of"],
        np.array(others),
        data["loading_loc"],
        data["loading_sd"],
        data["loading_spread"],
        np.array([data[name] for name in SCALARS]),
        data["mean_loc"],
        data["mean_sd"],
        data["premium_loc"],
        data["premium_sd"],
        data["factor_mean_start"],
        data["factor_mean_unit"],
        data["factor_precision"],
        np.pad(data["log_sigma_start"], (0, spare)),
        np.pad(data["log_sigma_variance"], (0, spare), constant_values=1.0),
        np.pad(np.ones(size[0]), (0, spare)),
        data["premium_blend"],
        data["premium_inclusion"],
        data["premium_spike"],
        data["factor_centre"],
        data["factor_count"],
        data["factor_power"],
    ]
    match model.noise:
        case NormalNoise():
            own = [to_blocks(array) for array in (lower_triangle(data["xx"]), data["xy"], data["yy"], data["count"])]
        case StudentTNoise():
            own = [data["xx"], data["xy"], *_observations(panel)]
        case other:
            raise _uncovered("noise", other)
    student, buffer = isinstance(model.noise, StudentTNoise), compiled.aligned_buffer([*prior, *own])
    return DensityProblem(where, buffer, student, np.array(others, dtype=int), data, design, model, priors)


def _uncovered(part: str, choice: Loadings | Noise) -> SpecError:
    """Return the error of a choice that no compiled density covers."""
    return SpecError(
        f"fit: no compiled density covers {part}.kind = '{choice.kind}'.",
        place=f"fit.model: {part}",
        found=choice.kind,
        remedy="bf.build(panel, model) is its PyMC graph.",
    )


def _observations(panel: PanelBase) -> tuple[np.ndarray, ...]:
    """Return counts, first blocks of x and y, x and y as `student.Observations` has them."""
    returns, whole = require_returns(panel).returns.values, WIDTH * STEP
    periods = len(returns)
    x = np.zeros((-(-periods // whole) * whole + whole, panel.aligned.shape[1] + 1))
    x[:periods, 0], x[:periods, 1:] = 1.0, panel.aligned
    count, first_x, first_y, pieces = [], [], [0], []
    for column in returns.T:
        rows = np.flatnonzero(np.isfinite(column))
        start = rows[0] // WIDTH * WIDTH if rows.size else 0
        stop = rows[-1] + 1 if rows.size else 0
        y = np.full(-(-(stop - start) // whole) * whole, np.nan)
        y[: stop - start] = column[start:stop]
        count.append(rows.size)
        first_x.append(start // WIDTH)
        first_y.append(first_y[-1] + y.size // WIDTH)
        pieces.append(y)
    blocks = x.reshape(-1, WIDTH, x.shape[1]).transpose(0, 2, 1)
    return np.array(count), np.array(first_x), np.array(first_y), blocks, np.concatenate(pieces)


def refusal(model: FactorModel) -> str | None:
    """TEMPORARY until the merge."""
    if type(model.loadings) not in KINDS:
        return f"no compiled density covers loadings.kind = '{model.loadings.kind}'"
    if not isinstance(model.noise, (NormalNoise, StudentTNoise)):
        return f"no compiled density covers noise.kind = '{model.noise.kind}'"
    return None
