"""One model on one panel as numbers: the layout of a point theta, the buffer, and the quantities made from a draw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bayesfactor.graph.inputs import graph_data
from bayesfactor.panel.base import PanelBase
from bayesfactor.panel.design import Design
from bayesfactor.sampling.kernels.buffer import aligned_buffer
from bayesfactor.sampling.kernels.coverage import covering
from bayesfactor.sampling.kernels.half_normal import half_normals
from bayesfactor.sampling.kernels.kernel import Kernel, Shape
from bayesfactor.sampling.kernels.mixture import quantiles
from bayesfactor.sampling.kernels.prior import COMMON, GROUPED, KINDS, Blocks, Prior, PriorArrays, Scalars, Sizes
from bayesfactor.sampling.kernels.residual_columns import ResidualColumns
from bayesfactor.sampling.kernels.simd import padded_size
from bayesfactor.spec.model import FactorModel
from bayesfactor.spec.scaling import ScaledPriors, scale_priors

Layout = dict[str, tuple[int, Shape]]  # name of a block -> where it starts, shape


def layout(kernel: Kernel, size: Sizes[int], priors: ScaledPriors) -> Layout:
    """Return the place of each block of theta, -1 where the model has none."""
    n, k, grouped, common = size.assets, size.factors, size.loadings == GROUPED, size.loadings == COMMON
    shared = Blocks[Shape | None](
        factor_mean_z=(k,),
        premium_z=(size.others,) if size.others else None,
        loading_mean_z=(size.groups, k) if grouped else None,
        loading_common_z=(k,) if common else None,
        loading_scale_z=(k,) if grouped else None,
        alpha_scale_z=() if priors.alpha.hierarchical else None,
        log_sigma_mean_z=(),
        log_sigma_scale_z=(),
        log_sigma_z=(n,),
        dof_z_log__=None,
        coefficient_z=None,
        zero_beta_z=() if priors.zero_beta is not None else None,
        residual_loading_z=None,
    )
    result: Layout = {}
    at = 0
    for name, shape in shared._replace(**kernel.blocks(size))._asdict().items():
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
    kernel : Kernel
        The compiled density.
    non_traded : array of int
        Indices of the non-traded factors.
    data : mapping of str to array
        As `graph_data` returns it.
    design, model, priors
        What it is of.
    residual_factors : tuple of str
        Names of the residual factors, which are columns after the factors.
    """

    layout: Layout
    buffer: np.ndarray
    kernel: Kernel
    non_traded: np.ndarray
    data: Mapping[str, np.ndarray]
    design: Design
    model: FactorModel
    priors: ScaledPriors
    residual_factors: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Length of theta."""
        return max(at + int(np.prod(shape)) for at, shape in self.layout.values() if at >= 0)

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return log-density and gradient at one point."""
        gradient = np.empty(self.size)
        return self.kernel.density(np.ascontiguousarray(theta, dtype=float), self.buffer, gradient), gradient

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
        data, z, half = self.data, self.block(draws, "log_sigma_mean_z"), self.block(draws, "log_sigma_scale_z")
        assert z is not None, "every model has both"
        assert half is not None
        spread = data["level_spread"] * half_normals(half)
        inverse = 1 / (data["log_sigma_variance"] + spread[:, None] ** 2)
        precision = 1 / data["level_sd"] ** 2 + inverse.sum(axis=1)
        middle = inverse @ (data["log_sigma_start"] - data["level_loc"]) / precision
        return data["level_loc"] + middle + z / np.sqrt(precision), spread

    def scales(self, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return level l, spread omega (draw) and log sigma (draw, asset) for draws (draw, theta)."""
        data = self.data
        level, spread = self.level(draws)
        z, v = self.block(draws, "log_sigma_z"), data["log_sigma_variance"]
        both = v + spread[:, None] ** 2
        a = (data["log_sigma_start"] - level[:, None]) * spread[:, None] / both + np.sqrt(v / both) * z
        log_sigma = np.logaddexp(2 * (level[:, None] + spread[:, None] * a), 2 * np.log(data["resolution"])) / 2
        return level, spread, log_sigma

    def residual_loadings(self, draws: np.ndarray) -> np.ndarray | None:
        """Return loadings on residual factors (draw, asset, residual factor), or None where they are not in theta."""
        z, data = self.block(draws, "residual_loading_z"), self.data
        mean, scale = self.block(draws, "loading_mean_z"), self.block(draws, "loading_scale_z")
        if z is None or mean is None or scale is None:
            return None
        last = slice(-z.shape[-1], None)
        centre = (data["loading_loc"] + data["loading_sd"] * mean)[:, data["group_of"], last]
        spread = (data["loading_spread"] * half_normals(scale))[:, None, last]
        return data["member"][last].T * (centre + spread * z)

    def coefficients(self, draws: np.ndarray, assets: int, rng: np.random.Generator) -> np.ndarray:
        """Return coefficients (draw, asset, coefficient) for draws (draw, theta): exact draws given theta.

        Loadings on residual factors come last.
        """
        result = np.empty((len(draws), assets, self.layout["factor_mean_z"][1][0] + 1))
        self.kernel.draw(draws, self.buffer, rng, result)
        return result


def prepare(panel: PanelBase, model: FactorModel) -> DensityProblem:
    """Return the problem of a model on a panel (already restricted to the model's factors), weighted as it says.

    Raises
    ------
    SpecError
        When no compiled density covers the model (see `coverage.refusal`).
    """
    covering(model)  # refuse it before anything is computed
    design = model.design(panel)
    return pack(design, model, scale_priors(design, model))


def pack(
    design: Design,
    model: FactorModel,
    priors: ScaledPriors,
    columns: ResidualColumns | None = None,
    kernel: Kernel | None = None,
) -> DensityProblem:
    """Return the problem of a model on the design of a panel (already restricted to the model's factors).

    With residual factors these are columns after the panel's factors. Their cross-products are still to be written, or
    a `kernel` is given that integrates them out.

    Raises
    ------
    SpecError
        When no compiled density covers the model (see `coverage.refusal`).
    """
    kernel, panel, data = kernel or covering(model), design.panel, graph_data(design, model, priors)
    data = data if columns is None else columns.added_to(data)
    others = np.array([i for i, factor in enumerate(panel.factor_info) if not factor.traded], dtype=int)
    size = Sizes(
        assets=len(panel.assets),
        factors=len(data["loading_loc"]),
        groups=len(panel.group_names),
        others=len(others),
        loadings=KINDS[type(model.loadings)],
        residual=0 if columns is None else len(columns.loc),
    )
    where = layout(kernel, size, priors)
    buffer = aligned_buffer([*_prior(data, size, where, others), *kernel.pack(data, panel)])
    names = () if columns is None else columns.names
    return DensityProblem(where, buffer, kernel, others, data, design, model, priors, names)


def _prior(data: Mapping[str, np.ndarray], size: Sizes[int], where: Layout, others: np.ndarray) -> PriorArrays:
    """Return what all noise laws share, of what `graph_data` returns."""
    spare = padded_size(size.assets) - size.assets
    member = np.pad(data.get("member", np.ones((size.factors, size.assets))), ((0, 0), (0, spare)))
    return Prior(
        size=np.array(size),
        offset=np.array([where[name][0] for name in Blocks._fields]),
        group_of=data["group_of"],
        non_traded=others,
        loading_loc=data["loading_loc"],
        loading_sd=data["loading_sd"],
        loading_spread=data["loading_spread"],
        loading_floor=data["loading_floor"],
        loading_unit=data.get("loading_unit", np.zeros(size.factors)),
        mean_mask=member,
        sd_mask=member,
        scalars=np.array([data[name] for name in Scalars._fields]),
        mean_loc=data["mean_loc"],
        mean_sd=data["mean_sd"],
        premium_loc=data["premium_loc"],
        premium_sd=data["premium_sd"],
        factor_mean_start=data["factor_mean_start"],
        factor_mean_unit=data["factor_mean_unit"],
        factor_precision=data["factor_precision"],
        log_sigma_start=np.pad(data["log_sigma_start"], (0, spare)),
        log_sigma_variance=np.pad(data["log_sigma_variance"], (0, spare), constant_values=1.0),
        is_asset=np.pad(np.ones(size.assets), (0, spare)),
        premium_blend=data["premium_blend"],
        premium_inclusion=data["premium_inclusion"],
        premium_spike=data["premium_spike"],
        factor_centre=data["factor_centre"],
        factor_count=data["factor_count"],
        factor_power=data["factor_power"],
    )
