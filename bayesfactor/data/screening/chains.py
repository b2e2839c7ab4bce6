"""Screens of a chain of options."""

import pandas as pd

from bayesfactor.base.errors import DataError

_APART = 0.01  # of the forwards of one expiry at one moment


def check_chain(chain: pd.DataFrame, name: str) -> None:
    """Raise an error for a value that cannot be, or a contract that was quoted after it expired."""
    for column in ("bid", "ask", "mark", "mark_iv", "open_interest", "volume"):
        if column in chain.columns:
            _raise_where(chain[column] < 0.0, chain, name, column, "which is negative")
    for column in ("strike", "underlying_price", "index_price"):
        if column in chain.columns:
            _raise_where(chain[column] <= 0.0, chain, name, column, "which is no price")
    dear = (chain["mark"] > 1.0) & (chain["type"] == "call") & (chain["settled"] == "coin")
    _raise_where(
        dear, chain, name, "mark", "more than the coin that it is a claim on: is it in dollars, and not in coins?"
    )
    late = chain["quoted"] >= chain["expiry"]
    _raise_where(late, chain, name, "quoted", "which is not before its expiry, 08:00 UTC of the day in its name")


def _raise_where(wrong: pd.Series, chain: pd.DataFrame, name: str, column: str, says: str) -> None:
    if not wrong.any():
        return
    line = chain.index[wrong.to_numpy()][0]
    row = chain.loc[line]
    more = f" ({int(wrong.sum())} contracts in all)" if wrong.sum() > 1 else ""
    raise DataError(
        f"{name}, {chain.index.name} {line}: {column} of '{row['instrument']}' is {row[column]}, {says}{more}.",
        series=str(row["instrument"]),
        date=row["quoted"],
        value=row[column],
        remedy="Download the file again, or leave that line out.",
    )


def note_chain(chain: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    """Say what may be right and should be known; `cells` are the rows as written."""
    notes = []
    if {"bid", "ask"} <= set(chain.columns):
        crossed = chain["instrument"][chain["bid"] > chain["ask"]]
        if len(crossed):
            notes.append(f"{len(crossed)} contracts have a bid above their ask: the first is {crossed.iloc[0]}")
    if "underlying_index" in cells.columns:
        made = cells.loc[chain.index, "underlying_index"].str.startswith("SYN.")
        if made.any():
            notes.append(
                f"the forwards of {int(made.sum())} contracts are Deribit's own, as no future expires with them"
            )
    span = chain["quoted"].max() - chain["quoted"].min()
    if span > pd.Timedelta(minutes=10):
        notes.append(f"contracts were quoted from {chain['quoted'].min()} to {chain['quoted'].max()}")
    forwards = chain.groupby(["underlying", "settled", "expiry"])["underlying_price"].agg(["min", "max"])
    apart = forwards.index[forwards["max"] > (1 + _APART) * forwards["min"]]
    if len(apart):
        notes.append(
            f"{len(apart)} expiries have forwards that are apart by more than 1 %: the first is {apart[0][-1]}"
        )
    return notes
