"""Draws of alphas, loadings and residual standard deviations in a Zarr folder, written and read block by block.

A store is written under a temporary name and moved into place when it is whole. Every chunk ends in its own checksum,
which is verified whenever the chunk is read; together they are part of the fingerprint that is verified on opening.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from bayesfactor.base.errors import FitError
from bayesfactor.base.extras import require_libraries
from bayesfactor.base.files import require_writable
from bayesfactor.posterior.storage.formats import MOVING, READABLE, STREAMED

DRAWS, ASSETS = 200, 128  # of a chunk; the draws a multiple of `stratified.CHUNK`
SUFFIX, MARK = ".zarr", "bayesfactor_store"


@dataclass(frozen=True)
class DrawStore:
    """A store that is being written.

    Attributes
    ----------
    path : Path
        Where it will stand.
    folder : Path
        Where it is written.
    token : str
        What tells this store from any other at the same place.
    """

    path: Path
    folder: Path
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def array(self, name: str, dims: tuple[str, ...], shape: tuple[int, ...]) -> Any:
        """Return a new array of the posterior that takes ``array[chain, first:last] = values``."""
        import zarr
        from zarr.codecs import Crc32cCodec

        chunks = tuple({"chain": 1, "draw": DRAWS, "asset": ASSETS}.get(d, n) for d, n in zip(dims, shape, strict=True))
        return (
            zarr.open_group(self.folder, mode="a", zarr_format=3)
            .require_group("posterior")
            .create_array(
                name,
                shape=shape,
                chunks=tuple(max(1, min(one)) for one in zip(chunks, shape, strict=True)),
                dtype="float64",
                filters=None,
                compressors=[Crc32cCodec()],
                fill_value=float("nan"),
                dimension_names=dims,
                attributes={MARK: self.token},
                config={"write_empty_chunks": True},
            )
        )

    def lazy(self, name: str, coords: Mapping[str, Any]) -> xr.DataArray:
        """Return an array that was written, on disk."""
        return _lazy(self.folder, name, self.token, coords)

    def finish(self, tree: xr.DataTree, attributes: Mapping[str, str]) -> None:
        """Write what is not streamed, mark the store as whole, and move it into place."""
        import zarr

        posterior = tree["posterior"].to_dataset()
        rest = tree.copy()
        rest["posterior"] = xr.DataTree(
            posterior.drop_vars([*STREAMED, *(name for name in MOVING if name in posterior)])
        )
        rest.attrs = {}
        rest.to_zarr(self.folder, mode="a", zarr_format=3, consolidated=False)
        names = [str(name) for name in posterior.data_vars]
        marks = zarr.open_group(self.folder, mode="r+").attrs
        marks.update({**attributes, MARK: self.token, "variables": names})
        old = self.path.with_name(f"{self.folder.name}.old")
        if self.path.exists():
            os.replace(self.path, old)
        os.replace(self.folder, self.path)
        shutil.rmtree(old, ignore_errors=True)


def require_store(path: Path) -> None:
    """Raise a FitError unless a store can be written there. What stands there is replaced only if it is a store."""
    require_libraries(path)
    if path.suffix != SUFFIX:
        raise FitError(f"{path}: the name of a store ends in '{SUFFIX}'.", remedy=f'Write "{path.name}{SUFFIX}".')
    if not path.parent.is_dir():
        raise FitError(
            f"{path}: cannot be written (no such folder).",
            remedy="Choose a folder that exists and that you may write to.",
        )
    try:
        require_writable(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    if path.exists() and not _is_store(path):
        raise FitError(f"{path}: is there already, and is no saved fit.", remedy="Remove it, or choose another name.")


def _unwritable(path: Path, error: OSError) -> FitError:
    reason = os.strerror(error.errno) if error.errno else error
    return FitError(
        f"{path}: cannot be written ({reason}).", remedy="Choose a folder that you may write to and that has room."
    )


@contextmanager
def writing(path: Path) -> Iterator[DrawStore]:
    """Give a store to write; unless it is finished nothing of it stays."""
    require_store(path)
    folder = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex}.part")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        yield DrawStore(path, folder)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_store(path: Path) -> bool:
    import zarr

    try:
        return MARK in zarr.open_group(path, mode="r").attrs
    except Exception:  # whatever else it may be
        return False


def open_store(path: Path) -> xr.DataTree:
    """Return a store's tree with its attributes; what was streamed stays on disk.

    Raises
    ------
    ValueError
        When it is not a store, or a part of it is missing.
    """
    with xr.open_datatree(path, engine="zarr", zarr_format=3, consolidated=False, chunks=None) as opened:
        if MARK not in opened.attrs:
            raise ValueError("it was never finished")
        if opened.attrs.get("format") not in READABLE:
            return xr.DataTree(xr.Dataset(attrs=opened.attrs))
        token, names = opened.attrs[MARK], opened.attrs["variables"]
        streamed = [name for name in READABLE[opened.attrs["format"]] if name in names or name not in MOVING]
        parts = {name: node.to_dataset(inherit=False) for name, node in opened.children.items()}
        parts["posterior"] = parts["posterior"].drop_vars(streamed)
        parts = {name: _plain(part) for name, part in parts.items()}
        attributes = {name: value for name, value in opened.attrs.items() if name not in (MARK, "variables")}
    posterior = parts["posterior"]
    coords = {str(name): values for name, values in posterior.coords.items()}
    lazy = {name: _lazy(path, name, token, coords) for name in streamed}
    parts["posterior"] = xr.Dataset({name: lazy[name] if name in lazy else posterior[name] for name in names})
    tree = xr.DataTree.from_dict({name: xr.DataTree(part) for name, part in parts.items()})
    tree.attrs = attributes
    return tree


def _plain(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset in memory, its texts of the type that any other array of texts has."""
    loaded = dataset.load().drop_encoding()
    texts = {
        name: array.copy(data=array.values.astype(object).astype(str))  # numpy has no way from one text type to another
        for name, array in loaded.variables.items()
        if array.dtype.kind in "TUO"
    }
    coords = {name: array for name, array in texts.items() if name in loaded.coords}
    return loaded.assign({name: array for name, array in texts.items() if name not in coords}).assign_coords(coords)


def checksums(folder: Path, streamed: tuple[str, ...] = (*STREAMED, *MOVING)) -> dict[str, str]:
    """Return, per streamed array, a hash of the names and checksums of all of its chunks."""
    result = {}
    for name in streamed:
        digest, root = hashlib.sha256(), folder / "posterior" / name
        if name in MOVING and not root.is_dir():  # nothing moves
            continue
        for chunk in sorted(path.relative_to(root).as_posix() for path in (root / "c").rglob("*") if path.is_file()):
            size = (root / chunk).stat().st_size
            with (root / chunk).open("rb") as file:
                file.seek(max(size - 4, 0))
                digest.update(f"{chunk} {size} ".encode() + file.read())
        result[name] = digest.hexdigest()
    return result


@dataclass(frozen=True)
class _Stored:
    """An array of a store, read where it is sliced; refuses a store that is not the one that was opened."""

    folder: Path
    name: str
    token: str
    shape: tuple[int, ...]
    dtype: np.dtype = np.dtype("float64")

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __getitem__(self, key: Any) -> np.ndarray:
        import zarr

        try:
            array = zarr.open_array(self.folder / "posterior" / self.name, mode="r")
            found, values = array.attrs.get(MARK), np.asarray(array[key])
        except Exception as error:  # the reader's own words: a file that is gone, a checksum that is wrong
            raise FitError(
                f"{self.folder}: draws of {self.name} cannot be read ({error}).",
                remedy="Open the fit again, or fit again.",
            ) from None
        if found != self.token or array.shape != self.shape:
            raise FitError(f"{self.folder}: another fit stands there now.", remedy="Open it again with bf.open_fit.")
        if np.isnan(values).any():
            raise FitError(f"{self.folder}: draws of {self.name} are missing.", remedy="Fit again.")
        return values


def _lazy(folder: Path, name: str, token: str, coords: Mapping[str, Any]) -> xr.DataArray:
    import dask.array
    import zarr
    from zarr.core.metadata import ArrayV3Metadata

    array = zarr.open_array(folder / "posterior" / name, mode="r")
    if not isinstance(array.metadata, ArrayV3Metadata) or array.metadata.dimension_names is None:
        raise ValueError(f"the dimensions of {name} have no names")
    dims = [str(dim) for dim in array.metadata.dimension_names]
    chunks = tuple(array.chunks[i] if dim == "asset" else array.shape[i] for i, dim in enumerate(dims))
    stored = _Stored(folder.resolve(), name, token, array.shape)
    values = dask.array.from_array(stored, chunks=chunks, name=f"{name}-{token}", meta=np.empty((0,) * array.ndim))
    return xr.DataArray(values, {dim: coords[dim] for dim in dims}, dims, name=name)
