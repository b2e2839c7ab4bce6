"""What to know of a factor that is an index of the panel's own assets."""

from bayesfactor.panel.records import Factor
from bayesfactor.posterior.diagnostics import Check
from bayesfactor.posterior.fit import Fit

NAME = "residuals: share of assets in the index "
SAME = (
    "'{name}' is an index of {inside} of the {assets} assets, and the model does not know it: the nearer a book's "
    "weights are to those of the index, the more its idiosyncratic risk is overstated. Residuals of a book with "
    "just these weights cancel by construction, and those of the largest members correlate negatively: neither is a "
    "sign of a good fit or of a missing factor. A market of other assets shows how these move together."
)
PART = (
    "'{name}' is an index of {members} assets, of which {inside} are among the {assets} of the panel: residuals of "
    "these, with its weights, are those of the others with their sign turned, by construction, and cancel as far as "
    "the others weigh little. The model does not know it, and overstates the idiosyncratic risk of such a book."
)


def index_checks(fit: Fit) -> tuple[Check, ...]:
    """Return a check of each factor that is known to be an index of the panel's assets, which only informs."""
    held = fit.panel.indexes
    return tuple(_check(fit, factor, len(held[factor.name])) for factor in fit.panel.factor_info if factor.name in held)


def _check(fit: Fit, factor: Factor, inside: int) -> Check:
    assets, members = len(fit.panel.assets), len(set(factor.members))
    words = (SAME if inside == members else PART).format(
        name=factor.name, inside=inside, members=members, assets=assets
    )
    return Check(f"{NAME}'{factor.name}'", None, inside / assets, 0.0, "", words)
