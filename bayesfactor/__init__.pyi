"""Every public name, and the file that it is in: read by type checkers, and by Python when a name is first used."""

from .analysis.assessment.checks import (
    CheckReport as CheckReport,
    check as check,
)
from .analysis.assessment.common_residuals import (
    common_share as common_share,
    residual_correlations as residual_correlations,
)
from .analysis.assessment.identification import (
    Identification as Identification,
    identify as identify,
    risk_premia as risk_premia,
)
from .analysis.assessment.loading_inclusion import (
    inclusion as inclusion,
)
from .analysis.assessment.measurement import (
    reliability as reliability,
)
from .analysis.assessment.pricing import (
    Pricing as Pricing,
    price as price,
)
from .analysis.assessment.prior_prediction import (
    prior_predict as prior_predict,
)
from .analysis.attribution.attribution import (
    Attribution as Attribution,
)
from .analysis.attribution.decomposition import (
    attribute as attribute,
)
from .analysis.attribution.loading_history import (
    LoadingHistory as LoadingHistory,
    loading_paths as loading_paths,
)
from .analysis.causes.causal_reading import (
    CausalReading as CausalReading,
    Reading as Reading,
    causal_reading as causal_reading,
)
from .analysis.comparison.averaging import (
    average as average,
)
from .analysis.comparison.bayes_factors import (
    BayesFactor as BayesFactor,
    bayes_factor as bayes_factor,
)
from .analysis.comparison.model_comparison import (
    Comparison as Comparison,
    compare as compare,
)
from .analysis.comparison.revised_estimates import (
    Revisions as Revisions,
    revisions as revisions,
)
from .analysis.comparison.scores import (
    Scores as Scores,
    score as score,
)
from .analysis.portfolio.moments import (
    Moments as Moments,
    moments as moments,
)
from .analysis.portfolio.options.book import (
    Book as Book,
)
from .analysis.portfolio.options.book_files import (
    read_book as read_book,
)
from .analysis.portfolio.options.contract import (
    Holding as Holding,
    Option as Option,
)
from .analysis.portfolio.options.volatility_moves import (
    ParallelShift as ParallelShift,
    SquareRootShift as SquareRootShift,
)
from .analysis.scenarios.episode import (
    episode as episode,
)
from .analysis.scenarios.forecast import (
    Forecast as Forecast,
    forecast as forecast,
)
from .analysis.scenarios.plausibility import (
    Plausibility as Plausibility,
)
from .analysis.scenarios.position_risk import (
    PositionRisk as PositionRisk,
    position_risk as position_risk,
)
from .analysis.scenarios.repriced_book import (
    RepricedBook as RepricedBook,
)
from .analysis.scenarios.reverse_stress import (
    ReverseStress as ReverseStress,
    reverse_stress as reverse_stress,
)
from .analysis.scenarios.scenario import (
    Scenario as Scenario,
    Sigmas as Sigmas,
)
from .analysis.scenarios.scenario_files import (
    read_scenarios as read_scenarios,
)
from .analysis.scenarios.stress import (
    Stress as Stress,
    stress as stress,
)
from .base.errors import (
    BayesFactorError as BayesFactorError,
    DataError as DataError,
    FitError as FitError,
    SpecError as SpecError,
)
from .base.version import (
    __version__ as __version__,
)
from .closedform.crosssection.fama_macbeth_draws import (
    fama_macbeth as fama_macbeth,
)
from .closedform.crosssection.three_pass import (
    three_pass as three_pass,
)
from .closedform.crosssection.two_pass import (
    two_pass as two_pass,
)
from .closedform.discountfactor.prices import (
    FlatPrices as FlatPrices,
    NormalPrices as NormalPrices,
    prices_of_risk as prices_of_risk,
)
from .closedform.discountfactor.scan import (
    MarketAlways as MarketAlways,
    TrainedPremia as TrainedPremia,
    scan_models as scan_models,
)
from .closedform.discountfactor.selection import (
    ContinuousSpike as ContinuousSpike,
    DiracSpike as DiracSpike,
    spike_and_slab as spike_and_slab,
)
from .closedform.discountfactor.slab import (
    sharpe_for_slab as sharpe_for_slab,
    slab_for_sharpe as slab_for_sharpe,
)
from .closedform.regressions.conjugate import (
    KnownResidual as KnownResidual,
    UncertainResidual as UncertainResidual,
    conjugate_regression as conjugate_regression,
)
from .closedform.regressions.exact_pricing import (
    grs as grs,
)
from .closedform.regressions.mispricing import (
    MaxSharpe as MaxSharpe,
    shrunk_alphas as shrunk_alphas,
)
from .closedform.regressions.vasicek_betas import (
    vasicek as vasicek,
)
from .data.datasets.simulation import (
    simulate as simulate,
)
from .data.factors.chain_activity import (
    FeeVolatility as FeeVolatility,
    MedianFee as MedianFee,
    activity as activity,
    gas as gas,
)
from .data.factors.chain_volatilities import (
    AtTheMoney as AtTheMoney,
    Butterfly as Butterfly,
    ModelFree as ModelFree,
    RiskReversal as RiskReversal,
)
from .data.factors.collateral_ratios import (
    collateral_health as collateral_health,
    liquidation_distance as liquidation_distance,
)
from .data.factors.funding_rates import (
    funding as funding,
)
from .data.factors.implied_index import (
    Implied as Implied,
)
from .data.factors.intraday import (
    Bipower as Bipower,
    Realised as Realised,
)
from .data.factors.leverage_ratios import (
    leverage as leverage,
)
from .data.factors.liquidity_measures import (
    liquidity as liquidity,
)
from .data.factors.market_index import (
    capitalisation_index as capitalisation_index,
)
from .data.factors.order_flow import (
    BuySellRatio as BuySellRatio,
    BuyShare as BuyShare,
    Imbalance as Imbalance,
    flow as flow,
)
from .data.factors.price_impact import (
    Amihud as Amihud,
    Edge as Edge,
)
from .data.factors.price_ranges import (
    CloseToClose as CloseToClose,
    GarmanKlass as GarmanKlass,
    Parkinson as Parkinson,
    RogersSatchell as RogersSatchell,
    YangZhang as YangZhang,
)
from .data.factors.saturation_rank import (
    saturation as saturation,
)
from .data.factors.valuation_ratios import (
    valuation as valuation,
    value_accrual as value_accrual,
)
from .data.factors.volatilities import (
    volatility as volatility,
)
from .data.integration.assembly import (
    integrate as integrate,
    to_returns as to_returns,
)
from .data.integration.factor_series import (
    FactorSeries as FactorSeries,
)
from .data.options.surface import (
    Surface as Surface,
    surface as surface,
)
from .data.readers.binance import (
    read_binance as read_binance,
)
from .data.readers.coinbase import (
    read_coinbase as read_coinbase,
)
from .data.readers.coinmetrics import (
    read_coinmetrics as read_coinmetrics,
)
from .data.readers.defillama import (
    read_defillama as read_defillama,
)
from .data.readers.deribit_chain import (
    read_deribit_chain as read_deribit_chain,
)
from .data.readers.deribit_volatility import (
    read_deribit_volatility as read_deribit_volatility,
)
from .data.readers.flows import (
    read_flows as read_flows,
)
from .data.readers.fred import (
    read_fred as read_fred,
)
from .data.readers.french import (
    read_french as read_french,
)
from .data.readers.funding import (
    read_funding as read_funding,
)
from .data.readers.kraken import (
    read_kraken as read_kraken,
)
from .data.readers.table import (
    read_table as read_table,
)
from .data.streaming.assembly import (
    integrate_parquet as integrate_parquet,
)
from .data.windows import (
    Windows as Windows,
    rolling as rolling,
)
from .graph.assemble import (
    build as build,
)
from .optimisers.factor_prior import (
    FactorPrior as FactorPrior,
)
from .optimisers.posterior_means import (
    PosteriorMeans as PosteriorMeans,
)
from .panel.aggregated import (
    PanelStatistics as PanelStatistics,
)
from .panel.panel import (
    Panel as Panel,
)
from .panel.records import (
    Calendar as Calendar,
    Factor as Factor,
)
from .plots.causes import (
    plot_causes as plot_causes,
)
from .plots.checks import (
    plot_check as plot_check,
)
from .plots.contributions import (
    plot_contributions as plot_contributions,
)
from .plots.forecast import (
    plot_forecast as plot_forecast,
)
from .plots.inclusion import (
    plot_inclusion as plot_inclusion,
)
from .plots.loadings import (
    plot_loadings as plot_loadings,
)
from .plots.paths import (
    plot_paths as plot_paths,
)
from .plots.position_risk import (
    plot_position_risk as plot_position_risk,
)
from .plots.premia import (
    plot_premia as plot_premia,
)
from .plots.premium_chart import (
    plot_sources as plot_sources,
)
from .plots.pricing import (
    plot_pricing as plot_pricing,
)
from .plots.realised import (
    plot_realised as plot_realised,
)
from .plots.risk import (
    plot_risk as plot_risk,
)
from .plots.scores import (
    plot_scores as plot_scores,
)
from .plots.shrinkage import (
    plot_shrinkage as plot_shrinkage,
)
from .plots.stress import (
    plot_stress as plot_stress,
)
from .posterior.accessors import (
    alphas as alphas,
    loadings as loadings,
)
from .posterior.external_draws import (
    from_draws as from_draws,
)
from .posterior.fit import (
    Fit as Fit,
    open_fit as open_fit,
)
from .posterior.log_likelihood import (
    factor_log_likelihood as factor_log_likelihood,
    log_likelihood as log_likelihood,
)
from .posterior.sampler import (
    Sampler as Sampler,
)
from .reporting.formats.table_formats import (
    to_html as to_html,
    to_latex as to_latex,
    to_markdown as to_markdown,
)
from .reporting.formats.theme import (
    Theme as Theme,
    read_theme as read_theme,
)
from .reporting.writing import (
    write_report as write_report,
)
from .sampling.batch.fits import (
    Fits as Fits,
)
from .sampling.batch.many_fits import (
    fit_many as fit_many,
)
from .sampling.fitting import (
    fit as fit,
)
from .spec.alphas import (
    AppraisalAlpha as AppraisalAlpha,
    FreeAlpha as FreeAlpha,
    FreeZeroBeta as FreeZeroBeta,
    NoZeroBeta as NoZeroBeta,
    ScaledAlpha as ScaledAlpha,
    SharpeAlpha as SharpeAlpha,
    ShrunkAlpha as ShrunkAlpha,
    ZeroAlpha as ZeroAlpha,
)
from .spec.causal_graph import (
    CausalGraph as CausalGraph,
)
from .spec.causal_graph_files import (
    read_causal_graph as read_causal_graph,
)
from .spec.durations import (
    Duration as Duration,
    LogNormalDuration as LogNormalDuration,
)
from .spec.factors import (
    FactorLaw as FactorLaw,
)
from .spec.files import (
    list_models as list_models,
    read_model as read_model,
    write_model as write_model,
)
from .spec.inclusion import (
    BetaInclusion as BetaInclusion,
)
from .spec.loading_path import (
    ConstantPath as ConstantPath,
    MovingPath as MovingPath,
)
from .spec.loadings import (
    CommonLoadings as CommonLoadings,
    FreeLoadings as FreeLoadings,
    GroupedLoadings as GroupedLoadings,
    GroupedPrior as GroupedPrior,
    LoadingPrior as LoadingPrior,
)
from .spec.measurement_error import (
    BetaReliability as BetaReliability,
    KnownReliability as KnownReliability,
)
from .spec.model import (
    FactorModel as FactorModel,
)
from .spec.noise import (
    NormalNoise as NormalNoise,
    StudentTNoise as StudentTNoise,
)
from .spec.observation import (
    EqualWeights as EqualWeights,
    HalfLife as HalfLife,
)
from .spec.priors import (
    Exponential as Exponential,
    HalfNormal as HalfNormal,
    HalfNormalRate as HalfNormalRate,
    InverseWishart as InverseWishart,
    LogNormalRate as LogNormalRate,
    Normal as Normal,
    NormalRate as NormalRate,
    Rate as Rate,
    SpikeSlab as SpikeSlab,
)
from .spec.residual_factors import (
    CommonResiduals as CommonResiduals,
)
from .spec.volatility import (
    CommonVolatility as CommonVolatility,
    ConstantVolatility as ConstantVolatility,
    MovingVolatility as MovingVolatility,
)
