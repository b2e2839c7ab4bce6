"""Named scenarios in a TOML file, for those who run the same ones every week."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from bayesfactor.analysis.scenarios.scenario import VOLATILITIES, Scenario, Sigmas
from bayesfactor.base.errors import SpecError, unknown

KEYS = ("shocks", "periods")
SHOCK = ("sigmas", "volatility")
WRITE = "Write [crash] on a line, and below it shocks = {market = -0.2, vix = {sigmas = 4}}."


def read_scenarios(path: str | Path) -> tuple[Scenario, ...]:
    """Read the scenarios of a TOML file, in its order.

    Each is a table under its name, with ``shocks``, a table of factor to value or to ``{sigmas = -4}`` (and
    ``volatility = "long run"``, see `Sigmas`), and ``periods`` where it is more than one::

        [crash]
        shocks = {market = -0.2, vix = {sigmas = 4}}

        ["slow burn"]
        periods = 6
        shocks = {rates = 0.02}

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tuple of Scenario

    Raises
    ------
    SpecError
        When there is no such file, it holds no scenario, or a key or a number in it is not allowed; names the scenario.
    """
    if not isinstance(path, str | Path):
        raise SpecError(f"read_scenarios: {path!r} is not a path.", place="read_scenarios.path", found=path)
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SpecError(
            f"{path}: cannot be read ({error.strerror}).", place=str(path), remedy="Give a path that exists."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not a TOML file: {error}.", place=str(path), remedy=WRITE) from None
    name = Path(path).name
    if not tables:
        raise SpecError(f"{name}: holds no scenario.", place=name, remedy=WRITE)
    return tuple(_scenario(title, table, f"{name}: '{title}'") for title, table in tables.items())


def scenarios_text(scenarios: Iterable[Scenario]) -> str:
    """Return the text of a file from which `read_scenarios` reads these, each with a name of its own."""
    tables = {}
    for scenario in scenarios:
        shocks = {name: _table(shock) for name, shock in scenario.shocks.items()}
        tables[scenario.name] = {"shocks": shocks, "periods": int(scenario.periods)}
    return tomli_w.dumps(tables)


def _table(shock: float | Sigmas) -> float | dict[str, float | str]:
    return {"sigmas": float(shock.count), "volatility": shock.volatility} if isinstance(shock, Sigmas) else float(shock)


def _scenario(title: str, table: object, place: str) -> Scenario:
    """Return the scenario of a table."""
    if not title.strip() or title != title.strip():
        raise SpecError(
            f"{place}: a scenario needs a name without spaces around it.", place=place, found=title, remedy=WRITE
        )
    if not isinstance(table, Mapping):
        raise SpecError(
            f"{place} is {table!r}, and must be a table of {' and '.join(KEYS)}.",
            place=place,
            found=table,
            allowed=KEYS,
            remedy=WRITE,
        )
    _known(table, KEYS, "key", place)
    shocks = table.get("shocks", {})
    if not isinstance(shocks, Mapping):
        raise SpecError(f"{place}: shocks are {shocks!r}, and must be a table.", place=place, remedy=WRITE)
    try:
        made = {factor: _shock(value, f"shock of '{factor}'") for factor, value in shocks.items()}
        return Scenario(made, title, table.get("periods", 1))
    except SpecError as error:
        raise SpecError(
            f"{place}: {error.message}", place=place, found=error.found, allowed=error.allowed, remedy=error.remedy
        ) from None


def _shock(value: Any, place: str) -> float | Sigmas:
    """Return what a file says of one factor."""
    if not isinstance(value, Mapping):
        return value
    _known(value, SHOCK, "key", place)
    if "sigmas" not in value:
        raise SpecError(f"{place}: 'sigmas' is missing.", place=place, allowed=SHOCK, remedy=WRITE)
    return Sigmas(value["sigmas"], value.get("volatility", VOLATILITIES[0]))


def _known(table: Mapping[str, object], allowed: tuple[str, ...], kind: str, place: str) -> None:
    for key in table:
        if key not in allowed:
            raise unknown(kind, key, allowed, place=place)
