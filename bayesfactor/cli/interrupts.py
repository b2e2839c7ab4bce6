"""Ctrl-C in the command line: one line that says what was written, and exit status 130."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STATUS = 130
_pressed: list[int] = []
_written: list[Path] = []


def wrote(path: Path) -> Path:
    """Remember a file that was written, and return its path."""
    _written.append(path)
    return path


def _press(number: int, frame: FrameType | None) -> None:
    _pressed.append(number)
    raise KeyboardInterrupt


def _lost(unraisable: "sys.UnraisableHookArgs") -> None:
    """Send the interrupt again where Python could not raise it, as in a destructor."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        again = threading.Timer(0.01, signal.raise_signal, (signal.SIGINT,))
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(unraisable)


@contextmanager
def interruptible() -> Iterator[None]:
    """Exit with one line and status 130 when Ctrl-C interrupts the block.

    The interrupt is remembered: an interrupted sampler returns the draws that it has, which then raise an error as too
    few, and typer turns a KeyboardInterrupt into an exit.
    """
    _pressed.clear()
    _written.clear()
    mine = threading.current_thread() is threading.main_thread()
    ours = mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler  # it may be ignored, as with nohup
    before = sys.unraisablehook
    if ours:
        signal.signal(signal.SIGINT, _press)
        sys.unraisablehook = _lost
    try:
        yield
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        ended = bool(_pressed) and (not isinstance(error, SystemExit) or error.code == STATUS)
        if not ended and not isinstance(error, KeyboardInterrupt):
            raise
        names = ", ".join(map(str, _written)) or "nothing"
        start = "\n" if sys.stderr.isatty() else ""
        print(f"{start}Interrupted: {names} {'were' if len(_written) > 1 else 'was'} written.", file=sys.stderr)
        exec("")  # else Python ends by the signal where the interrupt came inside `exec`
        raise SystemExit(STATUS) from None
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = before
