"""Formats of saved fits, and how draws of an earlier one become those of the present one."""

import xarray as xr

from bayesfactor.spec.noise import Noise

FORMAT = "bayesfactor fit 4"  # since it, what moves is of the next period, with its paths in a group of its own
STREAMED = ("alpha", "loading", "residual_sd")  # one entry or more per asset and draw: in chunks of their own
MOVING = ("loading_long_run",)  # the same, where loadings move
EARLIER = dict.fromkeys(("bayesfactor fit 1", "bayesfactor fit 2"), ("alpha", "loading", "sigma"))
READABLE = {**EARLIER, "bayesfactor fit 3": STREAMED, FORMAT: (*STREAMED, *MOVING)}


def upgraded(posterior: xr.Dataset, law: Noise | None) -> xr.Dataset:
    """Return draws of formats 1 and 2, which hold the scale ``sigma`` of residuals, with their standard deviation.

    It takes the place of the scale; draws on disk stay there.
    """
    if law is None:
        raise ValueError("it holds scales of residuals, and no noise law")
    sd = law.sd({name: posterior[name] for name in ("sigma", *law.parameters)})
    own = {str(name): array for name, array in posterior.data_vars.items()}
    renamed = {("residual_sd" if name == "sigma" else name): array for name, array in own.items()}
    return xr.Dataset({**renamed, "residual_sd": sd.rename("residual_sd")}, attrs=posterior.attrs)
