"""Progress of sampling: a bar in a terminal, plain lines elsewhere, nothing on request."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Report = Callable[[Any], None]


@contextmanager
def progress(show: bool | None, total: int) -> Iterator[Report | None]:
    """Yield a function that takes the chains' progress, or None when nothing is to be shown."""
    if show is False:
        yield None
    elif sys.stderr.isatty():
        with _bar(total) as report:
            yield report
    else:
        yield _lines(total)


@contextmanager
def _bar(total: int) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Sampling"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)

        def report(chains: Any) -> None:
            divergent = sum(chain.divergences for chain in chains)
            note = f"{divergent} divergences" if divergent else ""
            bar.update(task, completed=sum(chain.finished_draws for chain in chains), description=note)

        yield report


def _lines(total: int) -> Report:
    shown = 0

    def report(chains: Any) -> None:
        nonlocal shown
        quarter = int(4 * sum(chain.finished_draws for chain in chains) / total)
        if quarter > shown:
            shown = quarter
            print(f"sampling: {25 * quarter} %", file=sys.stderr, flush=True)

    return report
