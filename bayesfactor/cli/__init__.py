"""The command line: ``bayesfactor``. Errors that bayesfactor raises are one line on stderr and exit status 2."""

import sys
from importlib.util import find_spec

from bayesfactor.base.errors import BayesFactorError
from bayesfactor.cli.interrupts import interruptible

NEEDED = ("typer", "rich")


def main() -> None:
    """Run the command line and exit with its status.

    Exit status 0: success; 1: the fit did not converge, or the model does not fit; 2: bad input, or a file that cannot
    be written; 130: interrupted. Unexpected errors are shown with their traceback.
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
