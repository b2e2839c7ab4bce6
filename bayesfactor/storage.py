"""Saved fits: one netCDF file or Zarr folder that holds draws, data, model text and provenance, and no code."""

import hashlib
import json
import os
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.drawstore import DRAWS, STREAMED, SUFFIX, DrawStore, checksums, open_store, require_libraries, writing
from bayesfactor.errors import BayesFactorError, FitError
from bayesfactor.fingerprints import VERSION, fingerprint
from bayesfactor.modelfile import parse_model
from bayesfactor.moments import Moments
from bayesfactor.panel import Calendar, Factor, Note, Panel, require_returns
from bayesfactor.panelbase import PanelBase
from bayesfactor.panelstatistics import PanelStatistics
from bayesfactor.posterior import Fit, Sampler
from bayesfactor.wholefiles import require_room

FORMAT = "bayesfactor fit 2"
READABLE = ("bayesfactor fit 1", FORMAT)
GROUPS = ("posterior", "sample_stats", "log_prior", "observed_data", "constant_data")
WRITABLE = "Choose a folder that exists, that you may write to and that has room."


def panel_groups(panel: PanelBase) -> dict[str, xr.Dataset]:
    """Return the panel as the groups ``observed_data`` and ``constant_data``."""
    factors = panel.factors.rename(time="factor_time")
    constant = xr.Dataset({"factors": factors, "group_of": ("asset", panel.groups.values.astype(str))})
    return {
        "observed_data": _observed(panel),
        "constant_data": constant.assign_coords(asset=panel.groups["asset"].values),
    }


def _observed(panel: PanelBase) -> xr.Dataset:
    """Return the returns, or their statistics."""
    if not isinstance(panel, PanelStatistics):
        return xr.Dataset({"returns": require_returns(panel).returns})
    coefficient, sums = ["alpha", *(f"loading {name}" for name in panel.factor_names)], panel.moments
    return xr.Dataset(
        {
            "xx": (("coefficient", "coefficient_other", "asset"), sums.xx),
            "xy": (("coefficient", "asset"), sums.xy),
            "yy": ("asset", sums.yy),
            "count": ("asset", sums.count),
            "first": ("asset", panel.first.values),
            "last": ("asset", panel.last.values),
            "observed": ("factor_time", panel.observed.values),
        },
        coords={"coefficient": coefficient, "asset": panel.groups["asset"].values},
    )


def panel_attributes(panel: PanelBase) -> dict[str, str]:
    """Return what a panel knows beside its numbers, as texts."""
    return {
        "calendar": json.dumps(asdict(panel.calendar)),
        "factor_info": json.dumps([asdict(factor) for factor in panel.factor_info]),
        "notes": json.dumps([asdict(note) for note in panel.notes]),
        "panel_fingerprint": panel.fingerprint,
        "panel_fingerprint_version": str(VERSION),
    }


def draws_fingerprint(tree: xr.DataTree, stored: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a hash of every draw, so that a changed file is not taken for the fit it was.

    Parameters
    ----------
    tree : DataTree
    stored : mapping of str to str
        Of variables of the posterior whose draws are on disk: a hash of theirs.
    """
    digest = hashlib.sha256()
    for group in ("posterior", "sample_stats", "log_prior"):
        for name, variable in sorted(tree[group].to_dataset().data_vars.items()):
            digest.update(str(name).encode())
            if group == "posterior" and name in stored:
                digest.update(stored[str(name)].encode())
                continue
            for values in _in_order(variable.variable):
                digest.update(np.ascontiguousarray(values, dtype="<f8"))
    return digest.hexdigest()[:16]


def _in_order(variable: xr.Variable) -> Iterator[np.ndarray]:
    """Yield the numbers of a variable in C order, some draws of a chain at a time."""
    if "draw" not in variable.dims:
        yield variable.values
        return
    for chain, start in product(range(variable.shape[0]), range(0, variable.shape[1], DRAWS)):
        yield variable[chain, start : start + DRAWS].values


def attributes_of(fit: Fit, fingerprint: str) -> dict[str, str]:
    """Return what a fit knows beside its arrays, as texts."""
    return {
        "format": FORMAT,
        "model_text": fit.model_text,
        "model_id": fit.model_id,
        "sampler": json.dumps(asdict(fit.sampler)),
        "timings": json.dumps(dict(fit.timings)),
        "versions": json.dumps(dict(fit.versions)),
        **panel_attributes(fit.panel),
        "draws_fingerprint": fingerprint,
    }


def save_fit(fit: Fit, path: Path) -> Path:
    """Write a fit under a temporary name and move it into place: a folder if it is called ``.zarr``, else one file."""
    if not path.name or not path.parent.is_dir():
        raise FitError(f"{path}: cannot be written (no such folder, or no file name).", remedy=WRITABLE)
    if path.suffix == SUFFIX:
        with writing(path) as store:
            for name in STREAMED:
                array = fit.posterior[name].transpose("chain", "draw", "asset", ...)
                target = store.array(name, tuple(str(dim) for dim in array.dims), array.shape)
                for chain, start in product(range(array.shape[0]), range(0, array.shape[1], DRAWS)):
                    target[chain, start : start + DRAWS] = array[chain, start : start + DRAWS].values
            finish(fit, store)
        return path
    tree = fit.data.copy()
    tree.attrs = attributes_of(fit, draws_fingerprint(fit.data))
    temporary = path.with_name(
        f".{path.name[:40]}.{uuid.uuid4().hex}.part"
    )  # a long name stays within the system's limit
    try:
        require_room(path.parent, tree.nbytes)
        tree.to_netcdf(temporary, engine="h5netcdf")
        os.replace(temporary, path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise FitError(f"{path}: cannot be written ({reason}).", remedy=WRITABLE) from None
    finally:
        if temporary.exists():
            temporary.unlink()
    return path


def finish(fit: Fit, store: DrawStore) -> None:
    """Add to the streamed draws of a fit all the rest of it, and move the store into place."""
    store.finish(fit.data, attributes_of(fit, draws_fingerprint(fit.data, checksums(store.folder))))


def read_fit(path: Path) -> Fit:
    """Read what `save_fit` wrote, and check that nothing of it is missing."""
    folder = path.suffix == SUFFIX and path.is_dir()
    if not folder and not path.is_file():
        raise FitError(f"{path}: there is no such file.", remedy="Give the path of a fit that was saved.")
    if folder:
        require_libraries(path)
    try:
        if folder:
            tree = open_store(path)
        else:
            with xr.open_datatree(path, engine="h5netcdf") as opened:
                tree = opened.load()
    except Exception as error:  # whatever the file format's reader finds wrong, in its own words
        raise FitError(
            f"{path}: not a saved fit, or damaged ({type(error).__name__}).",
            remedy="Fit again, or take the file from where it was copied.",
        ) from None
    if tree.attrs.get("format") not in READABLE:
        raise FitError(
            f"{path}: holds no fit of this version (format {tree.attrs.get('format')!r}, expected {FORMAT!r}).",
            remedy="Give a file that Fit.save wrote, or fit again.",
        )
    try:
        return _assemble(tree, path, checksums(path) if folder else {})
    except (KeyError, ValueError, TypeError, BayesFactorError) as error:
        raise FitError(f"{path}: damaged, {error}.", remedy="Fit again.") from None


def _assemble(tree: xr.DataTree, path: Path, stored: Mapping[str, str]) -> Fit:
    lost = [name for name in GROUPS if name not in tree.children]
    if lost:
        raise ValueError(f"without {', '.join(lost)}")
    attributes = tree.attrs
    panel = panel_of(tree)
    if draws_fingerprint(tree, stored) != attributes["draws_fingerprint"]:
        raise ValueError("the draws in it are not those that were saved")
    _check_labels(tree["posterior"].to_dataset(), panel)
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


def _check_labels(posterior: xr.Dataset, panel: Panel | PanelStatistics) -> None:
    """Refuse draws that are not labelled as the panel is."""
    for dim, names in {
        "asset": panel.assets,
        "factor": panel.factor_names,
        "factor_other": panel.factor_names,
        "group": panel.group_names,
    }.items():
        if dim in posterior.sizes and (dim not in posterior or tuple(map(str, posterior[dim].values)) != names):
            raise ValueError(f"the labels '{dim}' of the draws are not those of the panel")


def panel_of(tree: xr.DataTree) -> Panel | PanelStatistics:
    """Return the panel of which `panel_groups` and `panel_attributes` are the groups and attributes.

    Raises
    ------
    ValueError
        When it is not the panel that was written.
    """
    constant = tree["constant_data"].to_dataset()
    groups = constant["group_of"].astype(str).drop_vars([c for c in constant["group_of"].coords if c != "asset"])
    known: dict[str, Any] = {
        "factors": _texts(constant["factors"].rename(factor_time="time"), "factor"),
        "factor_info": tuple(Factor(**item) for item in json.loads(tree.attrs["factor_info"])),
        "groups": _texts(groups.copy(data=np.array(groups.values.tolist(), dtype=object)), "asset"),
        "calendar": Calendar(**json.loads(tree.attrs["calendar"])),
        "notes": tuple(Note(**item) for item in json.loads(tree.attrs["notes"])),
    }
    panel: Panel | PanelStatistics
    observed = tree["observed_data"].to_dataset()
    if "returns" in observed:
        panel = Panel(returns=_texts(observed["returns"], "asset"), **known)
    else:
        panel = PanelStatistics(
            moments=Moments(*(observed[name].values for name in ("xx", "xy", "yy", "count"))),
            observed=known["factors"]["time"].copy(data=observed["observed"].values.astype(bool)),
            first=_texts(observed["first"], "asset"),
            last=_texts(observed["last"], "asset"),
            **known,
        )
    version = int(tree.attrs.get("panel_fingerprint_version", 1))  # fits of format 1 do not say it
    if fingerprint(panel, panel.numbers(), version) != tree.attrs["panel_fingerprint"]:
        raise ValueError("the data in it are not those that were fitted")
    return panel


def _texts(array: xr.DataArray, dim: str) -> xr.DataArray:
    """Return the array with plain Python texts for labels, whatever the file format made of them."""
    return array.assign_coords({dim: np.array([str(name) for name in array[dim].values], dtype=object)})
