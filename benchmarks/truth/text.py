"""The words of the page."""

HEAD = """\
# Predictions against what came after

Models are fitted to all dates so far, again every so many periods, and judged by the returns of the periods that came
after. What moves in a model is updated on every date by the returns before it, without sampling again; Ledoit and
Wolf's covariance (of all history, and of a shorter one) and that of skfolio's factor model are held from fit to fit;
the exponentially weighted one, its correlations 5 %
smaller so that it has an inverse, is new on every date. `python -m benchmarks.truth` makes this page (`make truth`).
"""
NOTE = """\
## How it is measured

160 draws of 2 chains after 300; seed 20, of each fit with the row that it ends before. An asset is fitted from its 26th
return on. In brackets: standard errors by blocks, the judged periods of one fit.

* Intervals are central ones of the predictive law: a mixture over draws, factors and residuals integrated out.
* Equal weights are those of the assets traded on the date. 20 long-only portfolios have weights uniform on the simplex
  (seed 7); 20 residual ones standard normal weights (seed 8), projected off the least-squares loadings of all history,
  long and short 1 each in absolute value. The minimum-variance portfolio is that of each method's own covariance.
* The bias statistic is the standard deviation of returns standardised by the predictive mean and standard deviation.
* Later loadings are least squares over the periods after a fit. The interval is that of the draws plus a normal error
  of White's standard error; of a loading that moves, of its average over those periods.
* Calm and turbulent: thirds of the judged dates by the mean absolute return of the equal-weighted portfolio over the 8
  periods before each.
* The joint log score is the log of the mean density over draws of all returns of a date, in nats per asset and period;
  under heavy tails factors are integrated out by importance sampling.

Dates matter: which weeks are judged moves a share by .03 and the bias of minimum variance from 1.0 to 1.5. The first
rows of the walks of stocks were taken, after a look at 40 of them with a Ledoit-Wolf covariance, so that static figures
are near those of an earlier study; no model was chosen by them. Of portfolios and tokens only one first row was tried.

Stocks: 20 of today's S&P 500 (skfolio's data) less the Treasury bill, on the index without dividends, the VIX (log
change) and the 10-year yield (change). Packaged alone (`packaged-stocks`), they are not in excess of the bill, and on
the index alone. Portfolios: Ken French's 25 by size and value from 1961, on market, size, value and momentum; packaged
alone, linearmodels' 30 of 1949 to 2017. Tokens: 38 that were traded by October 2017 and still in May 2021, on their
market weighted by capital, bitcoin's hash rate and transfer volume, the VIX and the 10-year yield. Stocks and tokens
are survivors. Where the folder of tables is absent, the packaged panels are judged in their place.
"""
PARTS_NOTE = """\
Gains are over the static model on the same dates, nats per asset and period, with standard errors by blocks; given
factors: of the returns given the factors of the same date. Everything else as above.
"""
