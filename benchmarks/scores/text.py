"""The words of the page."""

from benchmarks.scores.panels import SINCE
from benchmarks.scores.walk import SAMPLER
from benchmarks.truth.portfolios import COUNT

HEAD = """\
# Scores beside other forecasts

Forecasts of the next period by our presets and by programs without a posterior, scored by `bf.score` and its rules on
the same dates and assets of real markets. `python -m benchmarks.scores` makes this page, its numbers and the sentences
that have them (`make scores`); [predictions](truth.md) has what each part that moves adds, and other portfolios.

How to read it as the manager of a portfolio: log scores and CRPS say how good the whole forecast of a return is, joint
scores how good that of all together is, which is what a risk budget needs. Intervals and bias say whether risk is what
was said. The minimum-variance portfolio seeks out the errors of the covariance that made it: expect its risk to be
understated, and see by which least. An R-squared of returns says little, as always. Each panel ends with what the
first model is behind in, first.
"""
DRAWN = f"{SAMPLER.chains} chains of {SAMPLER.draws}"
NOTE = f"""\
## How it is measured

Presets are fitted to all dates so far, again every so many periods ({DRAWN} draws, seed {SAMPLER.seed} of
each fit with the row that it ends before), and forecast every date up to the next fit: what moves is updated by the
returns before the date, without sampling.

The others forecast a normal law:

* **expanding mean**: each asset's mean of all its returns before the date, and their sample covariance, widened for the
  doubt about that mean. It is what CRPS and R-squared are set against.
* **Ledoit-Wolf**: mean and shrunk covariance of all dates on which every asset was traded.
* **EWMA**: the same mean, and an exponentially weighted covariance with two half-lives, its correlations made smaller
  by a twentieth so that it has an inverse. Two, because none of those tried on these very returns was best: shorter
  ones forecast single returns better, longer ones mostly all together.
* **skfolio**: its `TimeSeriesFactorModel` as it is (loadings by a cross-validated lasso on the factors, whatever their
  units), its mean and its own covariance, on the same complete dates; made anew with our fits. All others are made anew
  on every date.

In brackets: standard errors from at most 20 blocks of consecutive dates; of differences, from those of the same dates.

* CRPS: mean over returns, over that of the expanding mean; lower is better.
* Log score: mean log density of single returns, in nats; joint: of all returns of a date together, a return. Tails are
  in it; *normal tails* has residuals of the same variances that are normal, as `joint_table` of `bf.score`.
* R-squared: 1 less the squared errors over those of the mean of all earlier returns.
* Intervals are equal-tailed, of single returns.
* Bias: standard deviation of returns less their forecast mean over their forecast standard deviation, 1 where risk is
  right, above 1 where it is understated. Minimum variance: long and short, of each law's own covariance, new on every
  date, without costs. Equal weights: of the assets traded. {COUNT} long-only ones: fixed weights, uniform on the
  simplex.
* Groups in the sentences are two standard errors from no difference, from the share that an interval should hold, or
  from a bias of 1; in brackets, how many. What is not told from right may still be far from it, where one crash makes
  the standard error. With so many comparisons some of those between two and three are chance.

Left out: `pooled` (one loading for all assets, for histories too short to tell them apart), `sparse`, `spike_slab` and
`noisy_factors` (the model static with other priors of loadings, of premia and of factors; the last two are static where
all factors are traded, and noisy factors of tokens and stocks do not converge in so few draws).

Tokens and French portfolios are those of [predictions](truth.md). Daily stocks: its 20 stocks, from {SINCE} on, recent
so that it is done in minutes; the first fit sees about four years. Stocks and tokens are survivors.
"""
