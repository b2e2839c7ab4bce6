"""Progress: a bar in a terminal, plain lines elsewhere, or none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[Any], None]
Count = Callable[[int, str], None]


@contextmanager
def progress(show: bool | None, total: int) -> Iterator[Report | None]:
    """Yield a function to call with the chains' progress, or None if none is shown."""
    if show is False:
        yield None
        return
    with counted(show, "sampling", total) as count:

        def report(chains: Any) -> None:
            divergent = sum(chain.divergences for chain in chains)
            note = f"{divergent} divergences" if divergent else ""
            count(sum(chain.finished_draws for chain in chains), note)

        yield report


@contextmanager
def counted(show: bool | None, what: str, total: int) -> Iterator[Count]:
    """Yield a function to call with the number done of `total` and a short note."""
    if show is False:
        yield lambda done, note: None
    elif sys.stderr.isatty():
        with _bar(what, total) as count:
            yield count
    else:
        yield _lines(what, total)


@contextmanager
def _bar(what: str, total: int) -> Iterator[Count]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what.capitalize()),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, note: bar.update(task, completed=done, description=note)


def _lines(what: str, total: int) -> Count:
    shown = 0

    def count(done: int, note: str) -> None:
        nonlocal shown
        quarter = int(4 * done / total)
        if quarter > shown:
            shown = quarter
            print(f"{what}: {25 * quarter} %", file=sys.stderr, flush=True)

    return count
