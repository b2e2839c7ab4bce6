"""Write the small fits in ``fits/``, which every later version of the package has to open.

They are not made anew: a fit written by one version is the test of all versions after it. A new format adds files
under names of its own::

    python -m tests.support.write_fits <suffix of the names>
"""

import json
import shutil
import sys
from pathlib import Path

import bayesfactor as bf
from tests.support.panels import make_panel, reduced

FITS = Path(__file__).with_name("fits")
PORTFOLIO = {"a00": 0.7, "a02": 0.3}
KINDS = ("premium", "variance", "return")


def facts(fit) -> dict[str, dict[str, list[float]]]:
    """Return mean and standard deviation over draws of every contribution, by kind, entry and source."""
    found = {}
    for kind in KINDS:
        if kind == "return" and not isinstance(fit.panel, bf.Panel):
            continue
        draws = bf.attribute(fit, kind, portfolio=PORTFOLIO).draws
        draws = draws.transpose("chain", "draw", "asset", "source").load()
        mean, sd = (getattr(draws, how)(("chain", "draw")).values.tolist() for how in ("mean", "std"))
        for i, asset in enumerate(draws["asset"].values.tolist()):
            for k, source in enumerate(draws["source"].values.tolist()):
                found[f"{kind}: {asset}: {source}"] = [mean[i][k], sd[i][k]]
    return found


def main(suffix: str) -> None:
    """Fit a small panel by every preset, and write fits and what they say."""
    panel = make_panel(assets=4, traded=2, other=1, periods=40, groups=2, shortest=20, seed=11)
    sampler = bf.Sampler(draws=25, tune=150, chains=2, seed=1, progress=False)
    fits = {f"{name}_{suffix}.nc": bf.fit(panel, name, sampler) for name in bf.list_models()}
    fits[f"statistics_{suffix}.nc"] = bf.fit(reduced(panel), "static", sampler)
    fits[f"student_t_{suffix}.zarr"] = fits[f"student_t_{suffix}.nc"]
    fits[f"statistics_{suffix}.zarr"] = fits[f"statistics_{suffix}.nc"]
    said = {}
    for name, fit in fits.items():
        fit.save(FITS / name)
        if name.endswith(".zarr"):  # one file in place of a hundred
            shutil.make_archive(str(FITS / name), "zip", FITS, name)
            shutil.rmtree(FITS / name)
        said[name] = facts(fit)
    (FITS / f"facts_{suffix}.json").write_text(json.dumps(said, indent=0) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
