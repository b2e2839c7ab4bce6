"""A scenario beside the history of its factors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from bayesfactor.analysis.scenarios.episode import rolling_totals
from bayesfactor.analysis.scenarios.scenario import Scenario, Sigmas
from bayesfactor.analysis.scenarios.shocked_factors import mahalanobis
from bayesfactor.panel.base import PanelBase

SAME = 1e-9  # relative difference of distances that are the same


@dataclass(frozen=True, eq=False)
class LongRun:
    """Posterior means of the factors' law over h periods: what a scenario and history are held against."""

    names: tuple[str, ...]
    mean: np.ndarray
    cov: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation of each factor."""
        return np.sqrt(np.diag(self.cov))

    def values(self, scenario: Scenario) -> np.ndarray:
        """Return the values of the shocked factors."""
        found = []
        for name, shock in scenario.shocks.items():
            k = self.names.index(name)
            found.append(self.mean[k] + shock.count * self.sd[k] if isinstance(shock, Sigmas) else float(shock))
        return np.array(found)


def long_run_of(draws: xr.Dataset, names: tuple[str, ...], periods: int) -> LongRun:
    """Return the posterior means of the factors' law over so many periods of the long run."""
    name = "factor_cov_long_run" if "factor_cov_long_run" in draws else "factor_cov"
    cov = draws[name].mean(("chain", "draw")).transpose("factor", "factor_other").values
    return LongRun(names, periods * draws["factor_mean"].mean(("chain", "draw")).values, periods * cov)


def history(panel: PanelBase, law: LongRun, scenario: Scenario) -> tuple[int, int, pd.Series]:
    """Return the rank of a scenario among the panel's windows, how many these are, and the windows as far by factor."""
    place = np.array([law.names.index(name) for name in scenario.shocks])
    values = panel.factors.transpose("time", "factor").values[:, place]
    values = values[np.isfinite(values).all(axis=1)]
    traded = np.array([panel.factor_info[k].traded for k in place])
    windows = rolling_totals(values, traded, scenario.periods) - law.mean[place]
    away = law.values(scenario) - law.mean[place]
    cov = law.cov[np.ix_(place, place)]
    distances = mahalanobis(windows, np.broadcast_to(cov, (len(windows), *cov.shape)))
    far = float(mahalanobis(away[None], cov[None])[0])
    beyond = (windows * np.sign(away) >= np.abs(away) * (1 - SAME)).sum(axis=0)
    as_far = pd.Series(beyond, pd.Index(list(scenario.shocks), name="factor"), name="as_far")
    return int((distances > far * (1 + SAME)).sum()) + 1, len(windows), as_far
