"""Executors: any of concurrent.futures, or a Dask client."""

from concurrent.futures import Executor
from typing import Any

from bayesfactor.base.errors import SpecError


def as_executor(executor: Any, verb: str) -> Executor | None:
    """Return the executor of a Dask client, and any other as it is; None stays None.

    Raises
    ------
    SpecError
        When it is not an executor.
    """
    if hasattr(executor, "get_executor"):  # a Dask client; by default it runs equal tasks once
        return executor.get_executor(pure=False)
    if executor is None or (hasattr(executor, "submit") and not isinstance(executor, type)):
        return executor
    raise SpecError(
        f"{verb}: {executor!r} is not an executor.",
        place=f"{verb}.executor",
        found=executor,
        remedy="Give a concurrent.futures.Executor, such as ThreadPoolExecutor(4), or a dask.distributed.Client.",
    )
