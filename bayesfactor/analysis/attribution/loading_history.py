"""How the loadings of each asset have moved: now, two years ago, and in the long run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.attribution.moving_loadings import block_of, moving
from bayesfactor.base.errors import FitError, unknown
from bayesfactor.base.intervals import Interval
from bayesfactor.base.records import FrozenResult
from bayesfactor.panel.panel import require_returns
from bayesfactor.posterior.dated import Dated
from bayesfactor.posterior.facts import require_fit
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.summaries import finished, justified, summarise

YEARS = 2
SAMPLE = ("chain", "draw")


@dataclass(frozen=True, eq=False)
class LoadingHistory(FrozenResult):
    """Loadings of the next period, of two years ago and of the long run, in the same draws.

    Attributes
    ----------
    today, two_years_ago, long_run : DataArray (chain, draw, asset, factor)
        Of the period after the panel's last row; of the block of dates two years before its last row, or of the asset's
        first one where its history is shorter; around which a loading moves.
    moved : DataArray (asset, factor)
        The standard deviation over blocks of the posterior mean, over the posterior standard deviation of a block.
        Below 1, what moved is less than what is not known; 0 where nothing moved.
    since : Series
        Per asset: the first date of the block of `two_years_ago`.
    blocks : DataFrame
        First and last date (columns ``first`` and ``last``) of each block within which loadings are constant.
    dated : Dated
        The fit, date by date.
    problems : tuple of str
        Why the fit cannot be trusted.
    """

    today: xr.DataArray
    two_years_ago: xr.DataArray
    long_run: xr.DataArray
    moved: xr.DataArray
    since: pd.Series
    blocks: pd.DataFrame
    dated: Dated
    problems: tuple[str, ...] = ()

    def table(self, ci_prob: float = 0.9, ci_kind: Interval = "eti", *, rounded: bool = True) -> pd.DataFrame:
        """Return what each loading was and is, and how likely it has risen.

        Parameters
        ----------
        ci_prob : float
            Probability of the interval.
        ci_kind : {"eti", "hdi"}
            Equal-tailed, or of highest density.
        rounded : bool
            Whether to drop the digits that Monte Carlo error does not justify.

        Returns
        -------
        DataFrame
            Columns asset, factor, ``long_run``, ``today`` (posterior means), ``lower`` and ``upper`` (of today),
            ``two_years_ago``, ``since`` (the date that it is of), ``prob_up`` (probability that the loading has risen
            since then; a draw in which it did not move counts a half), ``moved``; and ``warning`` when the fit failed a
            check. ``attrs`` hold ci_kind, ci_prob and problems.
        """
        now = summarise(self.today, ci_prob, ci_kind, rounded)
        then, centre = (summarise(draws, ci_prob, ci_kind, rounded) for draws in (self.two_years_ago, self.long_run))
        up, moved = np.ravel(self.prob_up.values), np.ravel(self.moved.values)
        table = now[["asset", "factor"]].assign(
            long_run=centre["mean"],
            today=now["mean"],
            lower=now["lower"],
            upper=now["upper"],
            two_years_ago=then["mean"],
            since=self.since.loc[now["asset"]].to_numpy(),
            prob_up=justified(up, np.full(up.size, 0.01)) if rounded else up,
            moved=np.round(moved, 2) if rounded else moved,
        )
        return finished(table, {"ci_kind": ci_kind, "ci_prob": ci_prob}, self.problems)

    @property
    def prob_up(self) -> xr.DataArray:
        """Probability (asset, factor) of having risen since two years ago; a draw that did not move counts a half."""
        change = self.today - self.two_years_ago
        return ((change > 0).mean(SAMPLE) + (change >= 0).mean(SAMPLE)) / 2

    def draws(self, asset: str) -> xr.DataArray:
        """Return the loadings of an asset in every block (chain, draw, block, factor), drawn again.

        The coordinate ``block`` is the first date of each block. Before an asset's first return they are what the model
        says without data.

        Raises
        ------
        SpecError
            When there is no such asset.
        """
        return asset_paths(self.dated, asset, self.blocks, "LoadingHistory.draws")

    def __repr__(self) -> str:
        sizes = self.today.sizes
        return f"LoadingHistory({sizes['asset']} assets, {sizes['factor']} factors, {len(self.blocks)} blocks of dates)"


def loading_paths(fit: Fit) -> LoadingHistory:
    """Return how loadings have moved, block of dates by block of dates.

    In blocks b of dates, counted back from the last row, a loading moves around its long-run value u::

        beta_ikb = u_ik + v_ikb,   v_ikb = phi v_ik,b-1 + sqrt(1 - phi^2) s_ik eta

    Its paths are not stored: they are drawn again, exactly, from their law given the rest of each draw and the loading
    of the next period that it has.

    Parameters
    ----------
    fit : Fit
        Of a model whose loadings move. Where the evidence is all for loadings that do not, nothing has moved: today,
        two years ago and the long run are the same, ``moved`` is 0 and ``prob_up`` 0.5.

    Returns
    -------
    LoadingHistory

    Raises
    ------
    FitError
        When it is no fit, its model has constant loadings, or its draws have no record of how loadings moved.

    Notes
    -----
    A path is smoothed: what is said of two years ago has seen all returns, and nobody knew it then. Source: West and
    Harrison (1997), stationary dynamic linear models; Carter and Kohn (1994) for the draws.
    """
    dated, blocks = dated_blocks(fit, "loading_paths")
    panel, start = fit.panel, first_blocks(dated)
    earlier = pd.DatetimeIndex(panel.times) >= pd.Timestamp(panel.times[-1]) - pd.DateOffset(years=YEARS)
    then = np.maximum(block_of(np.array(earlier.argmax()), dated.edges), start)
    today = fit.posterior["loading"].transpose("chain", "draw", "asset", "factor")
    before, moved = np.empty(today.shape), np.empty(today.shape[2:])
    for number, asset in enumerate(panel.assets):
        path = asset_paths(dated, asset, blocks, "loading_paths").values
        before[:, :, number] = path[:, :, then[number]]
        moved[number] = _moved(path[:, :, start[number] :])
    return LoadingHistory(
        today=today,
        two_years_ago=today.copy(data=before),
        long_run=fit.posterior["loading_long_run"].transpose("chain", "draw", "asset", "factor"),
        moved=today.isel(chain=0, draw=0, drop=True).copy(data=moved),
        since=pd.Series(blocks["first"].to_numpy()[then], panel.assets, name="since"),
        blocks=blocks,
        dated=dated,
        problems=fit.problems,
    )


def dated_blocks(fit: Fit, verb: str) -> tuple[Dated, pd.DataFrame]:
    """Return the fit date by date, and the first and last date of each block within which loadings are constant.

    Raises
    ------
    FitError
        When it is no fit, or its loadings do not move.
    """
    require_fit(fit, verb)
    dated = moving(fit)
    if dated is None:
        raise _constant(fit, verb)
    times, edges = fit.panel.times, dated.edges
    return dated, pd.DataFrame({"first": times[edges[:-1]], "last": times[edges[1:] - 1]})


def first_blocks(dated: Dated) -> np.ndarray:
    """Return the block of each asset's first return (asset); the first one where it has none."""
    seen = np.isfinite(require_returns(dated.fit.panel).returns.values)
    return block_of(np.where(seen.any(axis=0), seen.argmax(axis=0), 0), dated.edges)


def asset_paths(dated: Dated, asset: str, blocks: pd.DataFrame, place: str) -> xr.DataArray:
    """Return the loadings of an asset in every block (chain, draw, block, factor).

    Raises
    ------
    SpecError
        When there is no such asset.
    """
    panel, sizes = dated.fit.panel, dated.draws.sizes
    if asset not in panel.assets:
        raise unknown("asset", asset, panel.assets, place=place)
    number = panel.assets.index(asset)
    values = dated.coefficients[:, number, None, 1:] + dated.moves(number)
    coords = {dim: dated.draws[dim].values for dim in SAMPLE}
    return xr.DataArray(
        values.reshape(sizes["chain"], sizes["draw"], *values.shape[1:]),
        {**coords, "block": blocks["first"].to_numpy(), "factor": list(panel.factor_names)},
        (*SAMPLE, "block", "factor"),
        name="loading",
    )


def _moved(path: np.ndarray) -> np.ndarray:
    """Return the sd over blocks of the posterior mean over the posterior sd of a block (factor)."""
    mean, sd = path.mean(axis=(0, 1)), np.sqrt(path.var(axis=(0, 1)).mean(axis=0))
    return np.divide(mean.std(axis=0), sd, out=np.zeros_like(sd), where=(sd > 0) & ~_still(path))


def _still(path: np.ndarray) -> np.ndarray:
    """Whether a loading is the same in every block (factor)."""
    return np.asarray((path == path[:, :, :1]).all(axis=(0, 1, 2)))


def _constant(fit: Fit, verb: str) -> FitError:
    if "loading_long_run" in fit.posterior:
        return FitError(
            f"{verb}: these draws have no record of how their loadings moved.",
            remedy="Fit the model with bf.fit: paths are drawn again from what it found.",
        )
    return FitError(
        f"{verb}: the loadings of this fit do not move.",
        remedy='Fit a model with path = "moving" under [loadings], as the preset "moving_loadings" has it.',
    )
