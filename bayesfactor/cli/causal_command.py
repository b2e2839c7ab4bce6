"""The command about what causes what."""

from pathlib import Path
from typing import Annotated

import typer

from bayesfactor.cli.options import Run, Table, check_output, warn_and_exit


def causes(
    run: Run,
    graph: Annotated[
        Path,
        typer.Argument(metavar="GRAPH.toml", help='TOML: a line for each cause, market = ["return", "hash_rate"].'),
    ],
    csv: Table = None,
) -> None:
    """Show what each loading may be read as, given a causal graph: total effect, direct effect, or not causal."""
    from bayesfactor.analysis.causes.causal_reading import causal_reading
    from bayesfactor.cli.causes import show_reading
    from bayesfactor.cli.output import write_csv
    from bayesfactor.posterior.fit import open_fit
    from bayesfactor.spec.causal_graph_files import read_causal_graph

    if csv is not None:
        check_output(csv)
    drawn = read_causal_graph(graph)
    found = causal_reading(open_fit(run), drawn)
    show_reading(found)
    if csv is not None:
        write_csv(found.table(), csv)
    warn_and_exit(found.problems)
