"""Optional libraries."""

from pathlib import Path

from bayesfactor.base.errors import FitError


def require_libraries(path: Path) -> None:
    """Raise a FitError where dask or zarr is not installed."""
    try:
        import dask.array  # noqa: F401
        import zarr  # noqa: F401
    except ImportError:
        raise FitError(f"{path}: draws on disk need dask and zarr.", remedy='pip install "bayesfactor[dask]"') from None
