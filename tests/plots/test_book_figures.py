"""Figures of a book with options: money is not drawn beside per cent."""

import matplotlib.text
import pytest

import bayesfactor as bf
from tests.support.books import AT, book_fit, option

CALL, PUT = option(strike=105, days=81), option("a01", "put", 40.0, 20, 0.9, -3.0, 45.0)
SOLD = bf.Book([CALL, PUT], at=AT, volatility="vol")
HELD = bf.Book([CALL], at=AT, volatility="vol")
FIT = book_fit()


def drawn(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def told(figure):
    """Return all that is written on a figure, on one line."""
    return " ".join(" ".join(text.get_text().split()) for text in figure.findobj(matplotlib.text.Text))


def ticks(axis):
    axis.figure.canvas.draw()
    return "".join(label.get_text() for label in axis.get_ticklabels())


@pytest.mark.parametrize(
    ("ask", "draw"),
    [
        (lambda book: bf.stress(FIT, bf.Scenario({"f0": -0.2}), portfolio=book), bf.plot_stress),
        (lambda book: bf.attribute(FIT, portfolio=book), bf.plot_contributions),
    ],
)
def test_money_is_drawn_alone(ask, draw):
    money, decimal = ask(SOLD), ask(HELD)
    assert "portfolio" in drawn(draw(decimal))
    assert "portfolio" not in drawn(draw(money))
    assert "%" in ticks(draw(money).axes[0].xaxis)
    alone = draw(money, names=["portfolio"])
    assert drawn(alone) == ["portfolio"]
    assert "%" not in ticks(alone.axes[0].xaxis)
    with pytest.raises(bf.SpecError, match="gains of the portfolio are in money, and do not go on the axis"):
        draw(money, names=["portfolio", "a00"])
    said = "Not drawn: the portfolio, whose gains are in money"
    assert [said in told(one) for one in (draw(money), alone, draw(decimal))] == [True, False, False]


def test_a_fan_of_money():
    axes = [bf.plot_forecast(bf.forecast(FIT, 3, book)).axes[0] for book in (SOLD, HELD)]
    assert ["%" in ticks(axis.yaxis) for axis in axes] == [False, True]
    assert axes[0].get_title("left") == "portfolio, in money"
    said = [told(axis.figure) for axis in axes]
    assert "Gain in excess of cash, in money, over the days ahead" in said[0]
    assert ["compounded" in one for one in said] == [False, True]
