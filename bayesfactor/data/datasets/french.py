"""Example data without a download: from other packages, or simulated."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from bayesfactor.base.errors import DataError
from bayesfactor.data.datasets.simulation import Simulation, simulate
from bayesfactor.data.integration.assembly import integrate
from bayesfactor.panel.panel import Panel

_FACTORS: dict[str, dict[str, object]] = {
    "MktRF": {"family": "market", "description": "US stock market less the Treasury bill"},
    "SMB": {"family": "style", "description": "small less big companies"},
    "HML": {"family": "style", "description": "cheap less dear companies (book to market)"},
    "Mom": {"family": "style", "description": "past winners less past losers"},
}
_INDUSTRIES = (
    "NoDur", "Durbl", "Manuf", "Enrgy", "Chems", "BusEq", "Telcm", "Utils", "Shops", "Hlth", "Money", "Other",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data as `integrate` takes them.

    Attributes
    ----------
    returns, factors : DataFrame
    factor_info : dict
    asset_info : DataFrame
    risk_free : Series
    source : str
        Where the data come from.
    """

    returns: pd.DataFrame
    factors: pd.DataFrame
    factor_info: dict[str, dict[str, Any]]
    asset_info: pd.DataFrame
    risk_free: pd.Series
    source: str

    def panel(self) -> Panel:
        """Return the panel of excess returns and factors."""
        return integrate(self.returns, self.factors, self.factor_info, self.asset_info, self.risk_free)


def _group(name: str) -> str:
    if name in _INDUSTRIES:
        return "industry"
    return "size-value" if name[2] == "V" else "size-momentum"


def french_monthly() -> Dataset:
    """Return the Ken French portfolios and factors that come with linearmodels.

    Returns
    -------
    Dataset
        January 1949 to March 2017, monthly, decimal, dated at the end of the month: 12 industries, 9
        portfolios by size and value (``S1V5``: small and cheap), 9 by size and momentum (``S5M1``: large
        losers); the traded factors MktRF, SMB, HML and Mom; the one-month Treasury bill as `risk_free`.
        Portfolio returns are total returns; `integrate` takes the bill off.

    Raises
    ------
    DataError
        When linearmodels is not installed.
    """
    try:
        from linearmodels.datasets import french
    except ImportError:
        raise DataError(
            "The Ken French data come with linearmodels, which is not installed.",
            series="linearmodels",
            remedy='pip install "bayesfactor[demo]"',
        ) from None
    table = french.load()
    index = pd.DatetimeIndex(table.pop("dates")) + pd.offsets.MonthEnd(0)
    table = table.set_axis(index.rename("date"), axis="index")
    assets = [name for name in table.columns if name not in (*_FACTORS, "RF")]
    groups = [_group(name) for name in assets]
    return Dataset(
        returns=table[assets].copy(),
        factors=table[list(_FACTORS)].copy(),
        factor_info={name: {"traded": True, **info} for name, info in _FACTORS.items()},
        asset_info=pd.DataFrame({"group": groups}, index=pd.Index(assets, name="asset")),
        risk_free=table["RF"].rename("risk_free"),
        source="Kenneth R. French's data library, as it comes with linearmodels",
    )


def crypto_simulated() -> Simulation:
    """Return a simulated crypto market of 36 tokens with known parameters (see `simulate`)."""
    return simulate()
