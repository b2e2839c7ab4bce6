"""Implied volatilities, greeks, repriced values and the surface of a chain beside QuantLib and vollib."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayesfactor as bf
from bayesfactor.analysis.portfolio.options.exposures import positions_of
from tests.support.deribit import AT, option_of
from tests.support.panels import make_panel


@pytest.fixture(scope="module")
def chain(shared_data):
    return pd.read_csv(shared_data / "deribit_eth_options_20240108.csv.gz")


@pytest.fixture(scope="module")
def greeks(uses):
    return pd.read_csv(uses / "deribit_iv_greeks.csv").set_index("instrument_name")


@pytest.fixture(scope="module")
def tables(greeks, chain):
    """Every contract by itself, at its own moment."""
    quoted = chain.set_index("instrument_name")["creation_timestamp"]
    rows = []
    for name, row in greeks.iterrows():
        option = option_of(name, row["underlying_price"], row["mark_price"])
        book = bf.Book([option], at=pd.Timestamp(quoted[name], unit="ms", tz="UTC"))
        rows.append(book.table("contract").iloc[0])
    return pd.DataFrame(rows).set_index("position")


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        ("value", "usd"),
        ("implied_volatility", "iv"),
        ("delta", "delta_forward"),
        ("gamma", "gamma_forward"),
        ("vega", "vega_per_1.00"),
        ("theta", "theta_per_year"),
        ("elasticity", "elasticity_usd"),
        ("elasticity_coin", "elasticity_coin"),
        ("net_delta", "delta_coin_net"),
    ],
)
def test_every_contract_of_the_chain(tables, greeks, own, theirs):
    assert tables.index.tolist() == greeks.index.tolist()
    np.testing.assert_allclose(tables[own].astype(float), greeks[theirs], rtol=1e-9, atol=1e-9)


def test_all_contracts_in_one_book(chain, greeks):
    chosen = chain[chain["instrument_name"].isin(greeks.index)]
    numbers = zip(chosen["instrument_name"], chosen["underlying_price"], chosen["mark_price"], strict=True)
    table = bf.Book([option_of(*row) for row in numbers], at=AT).table().set_index("position")
    np.testing.assert_allclose(table["implied_volatility"][greeks.index].astype(float), greeks["iv"], rtol=1e-6)
    assert table.loc["total", "value"] == pytest.approx(greeks["usd"].sum())


GROWTH = {"spot-30%": 0.7, "spot+10%": 1.1, "spot-3%": 0.97}


def returned(name, quote, growth, *, accounted="usd", volatility=0.0, days=0):
    """Return what one contract returns when spot, volatility and time have moved."""
    own = option_of(name, quote["underlying_price"], quote["mark_price"])
    option = replace(own, underlying="a00")
    at = pd.Timestamp(quote["creation_timestamp"], unit="ms", tz="UTC")
    book = bf.Book([option], at=at, volatility=bf.ParallelShift("f1", "diff"), accounted=accounted)
    positions = positions_of(book, make_panel(assets=1, traded=1, other=1, periods=60))
    after = positions.values(np.full((1, 1), growth), np.full(1, volatility), np.zeros(1), days / 365)
    return after[0, 0] / book.value - 1


def test_repriced_contracts(uses, chain):
    quotes = chain.set_index("instrument_name")
    for row in pd.read_csv(uses / "option_reprice_quantlib.csv").itertuples():
        given = row.instrument, quotes.loc[row.instrument], GROWTH[row.scenario]
        assert returned(*given) == pytest.approx(row.return_full, abs=1e-9)
        assert returned(*given, accounted="coin") == pytest.approx(row.return_in_coin, abs=1e-9)


def test_delta_and_gamma_are_no_stress(uses, chain):
    """A call three weeks out at -30 %: -99.9 % repriced, and a gain by delta and gamma."""
    wanted = pd.read_csv(uses / "option_reprice_quantlib.csv").set_index(["instrument", "scenario"])
    row = wanted.loc[("ETH-26JAN24-2800-C", "spot-30%")]
    quote = chain.set_index("instrument_name").loc["ETH-26JAN24-2800-C"]
    option = option_of("ETH-26JAN24-2800-C", quote["underlying_price"], quote["mark_price"])
    own = bf.Book([option], at=pd.Timestamp(quote["creation_timestamp"], unit="ms", tz="UTC")).table("contract").iloc[0]
    move = -0.3 * quote["underlying_price"]
    linear = own["delta"] * move / own["value"]
    curved = linear + own["gamma"] * move**2 / 2 / own["value"]
    assert linear == pytest.approx(row["return_linear"], rel=1e-8)
    assert curved == pytest.approx(row["return_delta_gamma"], rel=1e-8)
    assert curved > 2 > -0.99 > row["return_full"]


def test_spot_volatility_and_time_together(chain):
    name = "ETH-29MAR24-2500-C"
    given = name, chain.set_index("instrument_name").loc[name], 0.7
    assert returned(*given, volatility=0.2, days=7) == pytest.approx(-0.7555, abs=5e-5)
    assert returned(*given, volatility=0.2, days=7, accounted="coin") == pytest.approx(-0.6508, abs=5e-5)


def test_the_surface(uses, chain):
    found = bf.surface(chain)
    wanted = pd.read_csv(uses / "deribit_surface_20240108.csv")
    pairs = {
        "years": "tau",
        "forward": "forward",
        "quotes": "n_otm",
        "at_the_money": "atm_iv",
        "risk_reversal": "rr25",
        "butterfly": "bf25",
        "model_free": "model_free_iv",
    }
    table = found.table()
    for own, theirs in pairs.items():
        np.testing.assert_allclose(table[own], wanted[theirs], rtol=1e-8, atol=1e-10)
    assert [note.split(",")[0] for note in found.notes] == [
        "left out: ETH-12JAN24-1200-C",
        "left out: ETH-9JAN24-2900-C",
    ]


def test_the_surface_of_what_the_reader_returns(shared_data, chain):
    read = bf.read_deribit_chain(shared_data / "deribit_eth_options_20240108.csv.gz")
    one, other = bf.surface(read).expiries, bf.surface(chain).expiries
    np.testing.assert_allclose(one.to_numpy(), other.to_numpy(), rtol=1e-9)


def test_constant_maturities(uses, chain):
    found, wanted = bf.surface(chain), json.loads((uses / "deribit_surface_30d.json").read_text())
    month, quarter = found.at("30 days"), found.at("90 days")
    assert month["at_the_money"] == pytest.approx(wanted["atm_30d"], abs=1e-8)
    assert month["model_free"] == pytest.approx(wanted["model_free_30d"], abs=1e-8)
    assert month["risk_reversal"] == pytest.approx(wanted["rr25_30d"], abs=1e-8)
    made = {
        kind: bf.volatility({"2024-01-08": found}, kind("30 days")).values.iloc[0]
        for kind in (bf.AtTheMoney, bf.ModelFree, bf.RiskReversal)
    }
    expected = [wanted[f"{name}_30d"] for name in ("atm", "model_free", "rr25")]
    assert [*made.values()] == pytest.approx(expected, abs=1e-8)
    assert bf.volatility(chain, bf.AtTheMoney()).values.iloc[0] == pytest.approx(wanted["atm_30d"], abs=1e-8)
    slope = quarter["at_the_money"] - month["at_the_money"]
    assert slope == pytest.approx(wanted["term_slope_90_30"], abs=1e-8)
