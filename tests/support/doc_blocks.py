"""Blocks of the pages: programs and commands run in order, and what they print is what the page says they print."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from bayesfactor import cli

FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"[-+]?(?:\d+\.\d+|\.\d+|\d+(?=%))")
UNITS = 5  # of the last digit shown


def blocks(path):
    """Return (language, what is said behind it, text) of each block of a page."""
    return [(word, said.strip(), text) for word, said, text in FENCE.findall(path.read_text(encoding="utf-8"))]


def fences(path, language):
    """Return (what is said behind the language, text) of each block of a page in one language."""
    return [(said, text) for word, said, text in blocks(path) if word == language]


def run(path, names, monkeypatch):
    """Run the programs and commands of a page with one set of names, and hold each `text output` to what was printed.

    `python no-run` says which programs can only be compiled.
    """
    printed = ""
    for word, said, text in blocks(path):
        if word == "python":
            assert said in ("", "no-run")
            compiled = compile(text, str(path), "exec")
            if said != "no-run":
                with contextlib.redirect_stdout(io.StringIO()) as caught:
                    exec(compiled, names)
                printed = caught.getvalue()
        elif word == "sh":
            printed = commands(text, monkeypatch)
        elif (word, said) == ("toml", "factor-info"):
            Path("factors.toml").write_text(text, encoding="utf-8")
        elif (word, said) == ("text", "output"):
            assert_prints(text, printed)


def commands(text, monkeypatch):
    """Run the lines of a block that begin with `bayesfactor`, and return what they print."""
    monkeypatch.setenv("COLUMNS", "100")
    with contextlib.redirect_stdout(io.StringIO()) as caught:
        for line in text.replace("\\\n", " ").splitlines():
            if line.startswith("bayesfactor "):
                monkeypatch.setattr("sys.argv", shlex.split(line, comments=True))
                with pytest.raises(SystemExit) as left:
                    cli.main()
                assert not left.value.code, f"{line}\n{caught.getvalue()}"
    return caught.getvalue()


def assert_prints(shown, printed):
    """Raise where what a page shows is not in what was printed, line by line and in order.

    A line of three dots stands for lines left out. Words and whole numbers are the same; a number with decimals or in
    per cent is within five units of its last digit, for draws differ from processor to processor. Tables round to about
    the Monte Carlo error, and five of these are four of the difference of two runs.
    """
    assert shown.strip()
    left = iter([line.split() for line in printed.splitlines() if line.strip()])
    skip = False
    for line in shown.splitlines():
        if line.strip() == "...":
            skip = True
            continue
        if not line.strip():
            continue
        found = next(left, None)
        while skip and found is not None and not alike(line.split(), found):
            found = next(left, None)
        assert found is not None, f"not printed: {line}"
        assert alike(line.split(), found), f"shown: {line}\nprinted: {' '.join(found)}"
        skip = False


def alike(shown, printed):
    """Whether two lines are the same word by word, numbers within some units of the last digit shown."""
    return len(shown) == len(printed) and all(map(word_alike, shown, printed))


def word_alike(shown, printed):
    """Whether two words are the same but for their numbers, and these within some units of the last digit shown."""
    if NUMBER.sub("#", shown) != NUMBER.sub("#", printed):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(printed), strict=True)
    return all(abs(float(one) - float(other)) <= UNITS * unit(one) * (1 + 1e-9) for one, other in pairs)


def unit(number):
    """Return the unit of the last digit of a decimal that is not a padding zero: 0.01 of 1.250, and of 0.00."""
    decimals = number.partition(".")[2]
    return 10.0 ** -len(decimals.rstrip("0") if float(number) else decimals)
