"""Saved fits: one netCDF file or Zarr folder that holds draws, data, model text and provenance, and no code."""

import hashlib
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from types import MappingProxyType

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.base.extras import require_libraries
from bayesfactor.base.files import require_room
from bayesfactor.posterior.storage.formats import FORMAT, MOVING, READABLE, STREAMED
from bayesfactor.posterior.storage.zarr import DRAWS, SUFFIX, DrawStore, checksums, open_store, writing

GROUPS = ("posterior", "observed_data", "constant_data")  # that every fit has
WRITABLE = "Choose a folder that exists, that you may write to and that has room."


def draws_fingerprint(tree: xr.DataTree, stored: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a hash of every draw, so that a changed file is not taken for the fit it was.

    Parameters
    ----------
    tree : DataTree
    stored : mapping of str to str
        Of variables of the posterior whose draws are on disk: a hash of theirs.
    """
    digest = hashlib.sha256()
    for group in (name for name in ("posterior", "sample_stats", "log_prior") if name in tree.children):
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


def sealed(tree: xr.DataTree, attributes: Mapping[str, str], stored: Mapping[str, str] = MappingProxyType({})) -> dict:
    """Return the attributes that a file of these groups gets: its format, and a hash of the draws."""
    return {"format": FORMAT, **attributes, "draws_fingerprint": draws_fingerprint(tree, stored)}


def write_tree(tree: xr.DataTree, attributes: Mapping[str, str], path: Path) -> Path:
    """Write a fit under a temporary name and move it into place: a folder if it is called ``.zarr``, else one file.

    Parameters
    ----------
    tree : DataTree
        Its groups.
    attributes : mapping of str to str
        What it knows beside its arrays.
    path : Path
    """
    if not path.name or not path.parent.is_dir():
        raise FitError(f"{path}: cannot be written (no such folder, or no file name).", remedy=WRITABLE)
    if path.suffix == SUFFIX:
        with writing(path) as store:
            for name in (*STREAMED, *(one for one in MOVING if one in tree["posterior"])):
                array = tree["posterior"][name].transpose("chain", "draw", "asset", ...)
                target = store.array(name, tuple(map(str, array.dims)), array.shape)
                for chain, start in product(range(array.shape[0]), range(0, array.shape[1], DRAWS)):
                    target[chain, start : start + DRAWS] = array[chain, start : start + DRAWS].values
            finish(tree, attributes, store)
        return path
    whole = tree.copy()
    whole.attrs = sealed(tree, attributes)
    temporary = path.with_name(
        f".{path.name[:40]}.{uuid.uuid4().hex}.part"
    )  # a long name stays within the system's limit
    try:
        require_room(path.parent, whole.nbytes)
        whole.to_netcdf(temporary, engine="h5netcdf")
        os.replace(temporary, path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise FitError(f"{path}: cannot be written ({reason}).", remedy=WRITABLE) from None
    finally:
        if temporary.exists():
            temporary.unlink()
    return path


def finish(tree: xr.DataTree, attributes: Mapping[str, str], store: DrawStore) -> None:
    """Add to the streamed draws of a fit all the rest of it, and move the store into place."""
    store.finish(tree, sealed(tree, attributes, checksums(store.folder)))


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Say of a file that what is found in it is not what was saved."""
    try:
        yield
    except Exception as error:  # what a format's reader finds wrong in a label comes late, and in its own words
        raise FitError(f"{path}: damaged, {error}.", remedy="Fit again.") from None


def read_tree(path: Path) -> xr.DataTree:
    """Read the groups and attributes that `write_tree` wrote, and check that no draw of them is missing."""
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
    with damaged(path):
        lost = [name for name in GROUPS if name not in tree.children]
        if lost:
            raise ValueError(f"without {', '.join(lost)}")
        stored = checksums(path, READABLE[tree.attrs["format"]]) if folder else {}
        if draws_fingerprint(tree, stored) != tree.attrs["draws_fingerprint"]:
            raise ValueError("the draws in it are not those that were saved")
    return tree
