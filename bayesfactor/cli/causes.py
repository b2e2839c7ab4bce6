"""A causal reading as the command line prints it."""

from bayesfactor.analysis.causes.causal_reading import CausalReading
from bayesfactor.cli.output import say, show_rows

COLUMNS = {
    "factor": "factor",
    "reading": "reading",
    "adjust_for": "adjust for",
    "missing": "missing",
    "harmful": "leave out",
}


def show_reading(found: CausalReading) -> None:
    """Print a row for each factor, why it is read so, and the notes."""
    table = found.table()
    say("What each loading may be read as; the last three columns are about the total effect.")
    print()
    rows = [[str(row[name]) for name in COLUMNS] for row in table.to_dict("records")]
    show_rows([*COLUMNS.values()], rows, words=len(COLUMNS))
    print()
    say(*(f"{one.factor}: {one.because}" for one in found.readings))
    print()
    say(*(f"Note: {note}." for note in found.notes))
