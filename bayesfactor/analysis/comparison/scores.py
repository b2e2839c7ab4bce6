"""How good the forecasts of fits were, on the returns that came after them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.comparison.benchmark import DECAY, EWMA, benchmark
from bayesfactor.analysis.comparison.dated_scores import scores_of_date, stacked
from bayesfactor.analysis.comparison.judged import ALL, Judged, Weights, judged
from bayesfactor.analysis.comparison.one_step import OneStep
from bayesfactor.analysis.comparison.score_summaries import block_error, gains, histogram, means, of_entry
from bayesfactor.analysis.comparison.several_steps import SeveralSteps
from bayesfactor.analysis.comparison.walks import NamedFits, legs, walks
from bayesfactor.base.arguments import require_number, require_periods
from bayesfactor.base.errors import DataError
from bayesfactor.panel.panel import Panel, require_returns
from bayesfactor.posterior.fit import Fit
from bayesfactor.posterior.next_period import extended, next_periods
from bayesfactor.posterior.predictive_law import law_of

DRAWS = 500  # about how many of a fit are used


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of forecasts of models, and last of a benchmark, ``"EWMA"``.

    Attributes
    ----------
    dates : DataFrame
        One row per model, date and asset (or portfolio): ``fit``, ``observed`` return, ``mean`` and ``sd`` of the
        forecast, ``log_score``, ``crps``, ``pit`` (the forecast's probability of less than what was observed),
        ``past_mean`` (of all earlier returns in the panel). Those of the benchmark have no fit.
    joint : DataFrame
        One row per model and date, without the benchmark, of all returns observed on it: ``count`` of assets,
        ``log_score_normal``, ``log_score_given_factors``, ``energy_score``.
    problems : mapping of str to tuple of str
        Model -> problems of its fits, with the name of the fit. They are scored all the same.
    """

    dates: pd.DataFrame
    joint: pd.DataFrame
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def table(self) -> pd.DataFrame:
        """Return the mean scores of every model and the benchmark, for all assets, the portfolios and each asset.

        Returns
        -------
        DataFrame
            Columns model, asset, ``count`` of returns; mean ``log_score`` (higher is better) with its standard error
            ``se`` from blocks of dates; mean ``crps`` (lower is better); ``cover_50``, ``cover_90``, ``cover_99``: how
            often the equal-tailed interval held the return; mean ``pit`` (.5 where forecasts are centred); ``bias``:
            standard deviation of (observed - mean) / sd, 1 where risk is right; ``r2_mean`` and ``r2_zero``: 1 - sum of
            squared errors over that of the mean of all earlier returns, and of 0, with standard errors ``se_r2_mean``
            and ``se_r2_zero`` from blocks of dates. ``warning`` where fits have problems. ``attrs`` hold units.
        """
        rows = []
        for model, own in self.dates.groupby("model", sort=False):
            first = [(ALL, own[own["kind"] == "asset"])]
            each = own.groupby(["kind", "asset"], sort=False)
            entries = sorted(each, key=lambda entry: entry[0][0] == "asset")  # portfolios first, in their order
            for name, part in [*first, *((name, part) for (_, name), part in entries)]:
                rows.append({"model": model, "asset": name, **means(part)})
        table = self._marked(pd.DataFrame(rows))
        table.attrs = {"units": "log scores in nats per return, CRPS in decimal returns"}
        return table

    def joint_table(self) -> pd.DataFrame:
        """Return the mean scores of all returns together, per asset and date.

        Returns
        -------
        DataFrame
            Columns model, ``dates``, ``count`` of returns; ``log_score_normal`` and ``log_score_given_factors`` in nats
            per return, with their standard errors ``se_normal`` and ``se_given_factors`` from blocks of dates;
            ``energy_score``, the mean over dates (lower is better).
        """
        rows = []
        for model, own in self.joint.groupby("model", sort=False):
            count = own["count"].to_numpy()
            row = {"model": model, "dates": len(own), "count": int(count.sum())}
            for name in ("normal", "given_factors"):
                values = own[f"log_score_{name}"].to_numpy()
                row[f"log_score_{name}"] = values.sum() / count.sum()
                row[f"se_{name}"] = block_error(values, count)
            rows.append({**row, "energy_score": own["energy_score"].mean()})
        return self._marked(pd.DataFrame(rows))

    def pit_table(self, asset: str = ALL) -> pd.DataFrame:
        """Return how often the forecast's probability of less than what was observed fell into each tenth.

        Parameters
        ----------
        asset : str
            An asset or a portfolio; by default all assets together.

        Returns
        -------
        DataFrame
            Columns model, ``from``, ``to``, ``share`` of returns (.1 where forecasts are right) with its standard
            error ``se`` from blocks of dates.

        Raises
        ------
        SpecError
            When it is no entry.
        """
        return histogram(of_entry(self.dates, asset, "pit_table.asset"))

    def gains_table(self, over: str | None = None, asset: str = ALL) -> pd.DataFrame:
        """Return how much better the log score of each model is than that of one of them.

        Parameters
        ----------
        over : str, optional
            A model, by default the first, or ``"EWMA"``.
        asset : str
            An asset or a portfolio; by default all assets together.

        Returns
        -------
        DataFrame
            Columns model, ``count`` of returns that both models were judged by, ``gain`` in nats per return, and its
            standard error ``se`` from blocks of dates, of the difference.

        Raises
        ------
        SpecError
            When it is no model, or no entry.
        """
        return gains(of_entry(self.dates, asset, "gains_table.asset"), over)

    def _marked(self, table: pd.DataFrame) -> pd.DataFrame:
        failed = {model: f"problems of {len(found)} fits" for model, found in self.problems.items() if found}
        return table.assign(warning=table["model"].map(failed).fillna("")) if failed else table

    def __repr__(self) -> str:
        return f"Scores of {self.joint['date'].nunique()} dates\n{self.joint_table().to_string(index=False)}"


def score(
    fits: "Fit | Sequence[Fit] | NamedFits",
    panel: Panel,
    periods: int = 1,
    *,
    portfolios: Mapping[str, Weights] | None = None,
    decay: float = DECAY,
) -> Scores:
    r"""Score the forecasts of fits by the returns that came after each of them.

    Each fit is judged by the rows after its last one, up to the last row of the next fit, or to the end of the panel.
    Every row is forecast from the row before it: newer rows update what moves, without sampling.

    .. math:: \log \hat p(r_t) = \log \frac1S \sum_s p(r_t \mid \theta_s), \qquad
              \mathrm{CRPS} = E|x - r_t| - \tfrac12 E|x - x'|

    Parameters
    ----------
    fits : Fit, sequence or mapping of Fit, or what `fit_many` returns
        Of one model; or a mapping from the name of a model to such.
    panel : Panel
        The fits' rows and newer ones.
    periods : int
        Periods ahead. Returns over several periods are compounded, from windows that do not overlap; they have no
        density, so that their log scores are NaN.
    portfolios : mapping of str to mapping or Series, optional
        Name -> weights of a portfolio that is judged beside the assets and the equal-weighted one, on the dates on
        which all of its assets have a return and a forecast.
    decay : float
        Of the benchmark: what the weight of a return is multiplied by each period; 0.97 halves it in 23 periods.

    Returns
    -------
    Scores

    Raises
    ------
    SpecError, DataError, FitError
        When there are no fits, two of a model end on the same date, a model is named as the benchmark, the panel does
        not go on from a fit's, or has no row after any of them.

    Notes
    -----
    About 500 draws of each fit are used, evenly spaced. Log scores are of mixtures over the draws, never of a density
    estimate. Where residuals are Student-t, the density of a return is a mixture of normals, integrated over the
    residual's scale; that of a portfolio is one given 16 residual variances at each draw; the joint one of all returns
    has no closed form, and is scored given the factors (``log_score_given_factors``) and by the energy score.
    ``log_score_normal`` is that of a law with normal residuals of the same variances, which a covariance matrix from
    elsewhere can be compared with. Scores of one date are not independent: standard errors are from at most 20 blocks
    of dates.

    The benchmark, ``"EWMA"``, is a normal law with the mean of all earlier returns and their exponentially weighted
    covariance, new on every date by the returns before it, on the dates and of the assets that models are judged by. An
    asset has one from as many earlier returns on as halve the weight, a portfolio where all of its assets have; over
    several periods, as if these were independent. Sources: Gneiting and Raftery (2007); J. P. Morgan, RiskMetrics
    (1996), whose decay is 0.94 for days and 0.97 for months.
    """
    require_periods(periods, "score")
    require_number(decay, 0.0, 1.0, "score.decay", "RiskMetrics has 0.94 for days and 0.97 for months.")
    whole = require_returns(panel, "score")
    entries, dates, joint = judged(whole, portfolios), list[pd.DataFrame](), list[pd.DataFrame]()
    problems: dict[str, tuple[str, ...]] = {}
    for model, walk in walks(fits, taken=EWMA).items():
        said = list[str]()
        for name, fit, last in legs(model, walk):
            said += [f"{name}: {problem}" for problem in fit.problems[:1]]
            found = list(_leg(fit, entries, last, int(periods)))
            if found:
                of = {"model": model, "fit": name}
                dates.append(stacked(of, [columns for columns, _ in found]))
                joint.append(pd.DataFrame([{**of, **row} for _, row in found]))
        problems[model] = tuple(said)
    if not joint:
        raise DataError("score: the panel has no returns after the last row of any fit.", series="panel")
    judged_by = pd.concat(dates, ignore_index=True)
    beside = benchmark(entries, judged_by, int(periods), float(decay))
    whole_dates = pd.concat([judged_by, beside], ignore_index=True) if len(beside) else judged_by
    return Scores(whole_dates, pd.concat(joint, ignore_index=True), problems)


def _leg(
    fit: Fit, entries: Judged, last: np.datetime64 | None, periods: int
) -> Iterator[tuple[dict[str, np.ndarray], dict[str, object]]]:
    """Yield the scores of the dates that a fit is judged by."""
    longer = extended(fit, entries.panel, "score")
    first, times = len(fit.panel.times), longer.times
    end = len(times) if last is None else int(np.searchsorted(times, last, side="right"))
    members = np.array([entries.panel.assets.index(name) for name in longer.assets])
    offset = len(entries.panel.times) - len(times)
    rng = np.random.default_rng(fit.seed)
    whole = np.isfinite(longer.returns.values)
    origins = range(first, end - periods + 1, periods)
    rows = [row for row in origins if whole[row : row + periods].all(axis=0).any()]
    given: xr.Dataset | None = None
    for row, draws in zip(rows, next_periods(fit, longer, rows, DRAWS), strict=True):
        if draws is not given:
            law = law_of(fit, draws)
            given, step = draws, OneStep(law, rng) if periods == 1 else SeveralSteps(law, periods, rng)
        yield scores_of_date(step, entries, slice(row + offset, row + offset + periods), members, longer.aligned[row])
