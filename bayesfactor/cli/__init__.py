"""The command line: ``bayesfactor``. Errors on purpose are one line and exit code 2."""

import sys
from importlib.util import find_spec

from bayesfactor.base.errors import BayesFactorError
from bayesfactor.cli.interrupts import interruptible

NEEDED = ("typer", "rich")


def main() -> None:
    """Run the command line, and leave with its exit code.

    0 when all went well; 1 for a fit that did not converge; 2 for bad input, or a file that cannot be written; 130 when
    it was interrupted. An error that nobody foresaw is not hidden.
    """
    if any(find_spec(name) is None for name in NEEDED):
        print('The command line needs two more packages: pip install "bayesfactor[cli]"', file=sys.stderr)
        raise SystemExit(2)
    try:
        with interruptible():
            from bayesfactor.cli.commands import app

            app(prog_name="bayesfactor")
    except BayesFactorError as error:
        print("Error: " + " ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(2) from None
