"""Saved fits: one netCDF file that holds draws, data, model text and provenance, and no code."""

import hashlib
import json
import os
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.errors import BayesFactorError, FitError
from bayesfactor.modelfile import parse_model
from bayesfactor.panel import Calendar, Factor, Note, Panel
from bayesfactor.posterior import Fit, Sampler

FORMAT = "bayesfactor fit 1"
GROUPS = ("posterior", "sample_stats", "log_prior", "observed_data", "constant_data")
WRITABLE = "Choose a folder that exists and that you may write to."


def panel_groups(panel: Panel) -> dict[str, xr.Dataset]:
    """Return the panel as the groups ``observed_data`` and ``constant_data``."""
    factors = panel.factors.rename(time="factor_time")
    constant = xr.Dataset({"factors": factors, "group_of": ("asset", panel.groups.values.astype(str))})
    return {
        "observed_data": xr.Dataset({"returns": panel.returns}),
        "constant_data": constant.assign_coords(asset=panel.returns["asset"].values),
    }


def panel_attributes(panel: Panel) -> dict[str, str]:
    """Return what a panel knows beside its numbers, as texts."""
    return {
        "calendar": json.dumps(asdict(panel.calendar)),
        "factor_info": json.dumps([asdict(factor) for factor in panel.factor_info]),
        "notes": json.dumps([asdict(note) for note in panel.notes]),
        "panel_fingerprint": panel.fingerprint,
    }


def draws_fingerprint(tree: xr.DataTree) -> str:
    """Return a hash of every draw, so that a changed file is not taken for the fit it was."""
    digest = hashlib.sha256()
    for group in ("posterior", "sample_stats", "log_prior"):
        for name, variable in sorted(tree[group].to_dataset().data_vars.items()):
            digest.update(str(name).encode())
            digest.update(np.ascontiguousarray(variable.values).astype("<f8").tobytes())
    return digest.hexdigest()[:16]


def save_fit(fit: Fit, path: Path) -> Path:
    """Write a fit under a temporary name and move it into place."""
    if not path.name or not path.parent.is_dir():
        raise FitError(f"{path}: cannot be written (no such folder, or no file name).", remedy=WRITABLE)
    attributes = {
        "format": FORMAT,
        "model_text": fit.model_text,
        "model_id": fit.model_id,
        "sampler": json.dumps(asdict(fit.sampler)),
        "timings": json.dumps(dict(fit.timings)),
        "versions": json.dumps(dict(fit.versions)),
        **panel_attributes(fit.panel),
        "draws_fingerprint": draws_fingerprint(fit.data),
    }
    tree = fit.data.copy()
    tree.attrs = attributes
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}.part")  # a long name stays within the system's limit
    try:
        tree.to_netcdf(temporary, engine="h5netcdf")
        os.replace(temporary, path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise FitError(f"{path}: cannot be written ({reason}).", remedy=WRITABLE) from None
    finally:
        if temporary.exists():
            temporary.unlink()
    return path


def read_fit(path: Path) -> Fit:
    """Read what `save_fit` wrote, and check that nothing of it is missing."""
    if not path.is_file():
        raise FitError(f"{path}: there is no such file.", remedy="Give the path of a fit that was saved.")
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except Exception as error:  # whatever the file format's reader finds wrong, in its own words
        raise FitError(
            f"{path}: not a saved fit, or damaged ({type(error).__name__}).",
            remedy="Fit again, or take the file from where it was copied.",
        ) from None
    if tree.attrs.get("format") != FORMAT:
        raise FitError(
            f"{path}: holds no fit of this version (format {tree.attrs.get('format')!r}, expected {FORMAT!r})."
        )
    try:
        return _assemble(tree, path)
    except (KeyError, ValueError, TypeError, BayesFactorError) as error:
        raise FitError(f"{path}: damaged, {error}.", remedy="Fit again.") from None


def _assemble(tree: xr.DataTree, path: Path) -> Fit:
    lost = [name for name in GROUPS if name not in tree.children]
    if lost:
        raise ValueError(f"without {', '.join(lost)}")
    attributes: dict[str, Any] = tree.attrs
    panel = panel_of(tree)
    if draws_fingerprint(tree) != attributes["draws_fingerprint"]:
        raise ValueError("the draws in it are not those that were saved")
    model = parse_model(tomllib.loads(attributes["model_text"]), place=path.name)
    tree.attrs = {}
    return Fit(
        panel=panel,
        model=model,
        sampler=Sampler(**json.loads(attributes["sampler"])),
        data=tree,
        timings=json.loads(attributes["timings"]),
        versions=json.loads(attributes["versions"]),
    )


def panel_of(tree: xr.DataTree) -> Panel:
    """Return the panel of which `panel_groups` and `panel_attributes` are the groups and attributes.

    Raises
    ------
    ValueError
        When it is not the panel that was written.
    """
    constant = tree["constant_data"].to_dataset()
    groups = constant["group_of"].astype(str).drop_vars([c for c in constant["group_of"].coords if c != "asset"])
    panel = Panel(
        returns=_texts(tree["observed_data"]["returns"], "asset"),
        factors=_texts(constant["factors"].rename(factor_time="time"), "factor"),
        factor_info=tuple(Factor(**item) for item in json.loads(tree.attrs["factor_info"])),
        groups=_texts(groups.copy(data=np.array(groups.values.tolist(), dtype=object)), "asset"),
        calendar=Calendar(**json.loads(tree.attrs["calendar"])),
        notes=tuple(Note(**item) for item in json.loads(tree.attrs["notes"])),
    )
    if panel.fingerprint != tree.attrs["panel_fingerprint"]:
        raise ValueError("the data in it are not those that were fitted")
    return panel


def _texts(array: xr.DataArray, dim: str) -> xr.DataArray:
    """Return the array with plain Python texts for labels, whatever the file format made of them."""
    return array.assign_coords({dim: np.array([str(name) for name in array[dim].values], dtype=object)})
