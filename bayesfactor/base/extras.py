"""Optional libraries."""

from pathlib import Path

from bayesfactor.base.errors import FitError, SpecError


def not_installed(needs: str, place: str, extra: str) -> SpecError:
    """Return the error where a library is not installed; `needs` says what needs which: "Edge needs bidask"."""
    return SpecError(f"{needs}.", place=place, remedy=f'pip install "bayesfactor[{extra}]"')


def require_libraries(path: Path) -> None:
    """Raise a FitError where dask or zarr is not installed."""
    try:
        import dask.array  # noqa: F401
        import zarr  # noqa: F401
    except ImportError:
        raise FitError(f"{path}: draws on disk need dask and zarr.", remedy='pip install "bayesfactor[dask]"') from None
