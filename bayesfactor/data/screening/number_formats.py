"""Number and date formats that are not read automatically, and how to read each."""

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

_UNITS = ((9, 10, "s", "seconds"), (12, 13, "ms", "milliseconds"), (15, 16, "us", "microseconds"),
          (18, 19, "ns", "nanoseconds"))  # fmt: skip
_SIGNS = "$€£¥₹₩₿"
_MINUS = "\u2212"  # the typographic one
_SPACE = "[ \u00a0\u202f']"  # between thousands
_TIMES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_BODY = rf"\d{{1,3}}(?:(?:,|{_SPACE})\d{{3}})+(?:\.\d+)?|\d{{1,3}}(?:\.\d{{3}})+,\d+|\d+,\d+|\d*\.?\d+"
_MONEY = rf"(?:[{_SIGNS}]|USD|EUR|GBP)?"
_FORM = re.compile(
    rf"(?P<minus>[-+{_MINUS}]?)(?P<open>\(?)(?P<again>[-+{_MINUS}]?)(?P<sign>{_MONEY}) ?(?P<body>{_BODY})"
    rf"(?P<times>[kKmMbBtT]?)(?P<after> ?{_MONEY})(?P<cent> ?%?)(?P<close>\)?)"
)


_HOUR = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?(?: ?(?:Z|UTC|GMT|[A-Z]{2,4}T|[+-]\d\d:?\d\d))?"
_CLOCK = re.compile(rf"{_HOUR}|\d{{1,2}} ?[ap]\.?m\.?", re.IGNORECASE)
_MARK = re.compile(
    r"[-.\u2012-\u2015_*?/]{1,4}|n\.?[/.]?a\.?|#(n/a|div/0!|value!|ref!|num!|name\?|null!)( n/a)?|null|none|nil|nan|"
    r"nat|missing|no data|not available|\(?blank\)?|undefined|-?inf(inity)?|empty",
    re.IGNORECASE,
)
_LONG = "january|february|march|april|june|july|august|september|october|november|december"
_SHORT = "may|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec"


def is_clock(text: object) -> bool:
    """Whether a text is a time of day, such as ``09:30`` or ``4 PM``."""
    return bool(_CLOCK.fullmatch(str(text).strip()))


def is_mark(text: object) -> bool:
    """Whether a text looks like a marker of a missing value, such as ``-`` or ``#DIV/0!``."""
    return bool(_MARK.fullmatch(str(text).strip()))


def date_formats(values: Iterable[object]) -> tuple[str, ...]:
    """Return the formats in which texts may be dates, day before month first; empty for ISO dates and other texts."""
    texts = [value.strip() for value in values if isinstance(value, str)]
    if not texts:
        return ()
    clock = re.search(r" \d{1,2}:\d\d(:\d\d)?$", texts[0])
    time = "" if clock is None else " %H:%M:%S" if clock[1] else " %H:%M"
    plain = [text.rsplit(" ", 1)[0] if clock else text for text in texts]
    if found := re.fullmatch(r"\d{4}([/.])\d{1,2}\1\d{1,2}", plain[0]):
        return (f"%Y{found[1]}%m{found[1]}%d{time}",)
    if found := re.fullmatch(r"\d{1,2}([/.-])\d{1,2}\1(\d{4}|\d\d)", plain[0]):
        mark, year = found[1], ("%Y" if len(found[2]) == 4 else "%y") + time
        parts = [re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d+", text) for text in plain]
        first, second = (max((int(part[place]) for part in parts if part), default=0) for place in (1, 2))
        both = ((first, second, f"%d{mark}%m{mark}{year}"), (second, first, f"%m{mark}%d{mark}{year}"))
        return tuple(form for day, month, form in both if day <= 31 and month <= 12)
    name = rf"(?:(?P<long>{_LONG})|{_SHORT})"
    if found := re.fullmatch(rf"\d{{1,2}}([ /.-]?){name}([ /.-]?)(\d{{4}}|\d\d)", plain[0], re.IGNORECASE):
        month, year = "%B" if found["long"] else "%b", "%Y" if len(found[4]) == 4 else "%y"
        return (f"%d{found[1]}{month}{found[3]}{year}{time}",)
    if found := re.fullmatch(rf"{name} \d{{1,2}}(,? )\d{{4}}", plain[0], re.IGNORECASE):
        return (f"{'%B' if found['long'] else '%b'} %d{found[2]}%Y{time}",)
    return ()


def read_formats(index: str, formats: tuple[str, ...]) -> str:
    """Say how pandas reads texts of these formats."""
    other = f" (or format={formats[1]!r}, if the month comes first)" if len(formats) > 1 else ""
    return f"pd.to_datetime({index}, format={formats[0]!r}){other}"


def describe_number(value: object) -> tuple[str, str] | None:
    """Say what a text that is nearly a number is, and how to write it; None for any other text."""
    found = _FORM.fullmatch(str(value).strip())
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    says, change, body = _thousands(found["body"])
    money, signs = found["sign"] or found["after"].strip(), found["minus"] + found["again"]
    if money:
        says.append(f"has the sign of a currency, {money}")
        change += f".str.replace('{money}', '')"
    if found["times"]:
        says.append(f"has a letter, {found['times']}, for its size")
        body = f"{float(body) * _TIMES[found['times'].lower()]:.15g}"
    if found["cent"].strip():
        says.append("has a sign of per cent")
        change += ".str.rstrip('% ')"
    if found["open"]:
        says.append("is in brackets, as accountants write a negative number")
        change += ".str.replace('(', '-').str.replace(')', '')"
    if _MINUS in signs:
        says.append("has a typographic minus")
        change += f".str.replace('{_MINUS}', '-')"
    if not says:
        return None
    minus = "-" if found["open"] or "-" in signs or _MINUS in signs else ""
    remedy = f"Write {minus}{body}"
    if found["cent"].strip():
        remedy += f" and say units='percent', all of it in per cent, or {float(minus + body) / 100:.10g} as decimal"
    how = f"; in pandas column{change}.astype(float)" if change and not found["times"] else ""
    if not change and not found["times"]:
        mark = "decimal=','" + (", thousands='.'" if "." in found["body"] else "")
        how = f"; or read it by pandas.read_csv(path, index_col=0, parse_dates=True, {mark})"
    elif found["body"].count(",") and len(says) == 1:
        how = "; or read it by pandas.read_csv(path, index_col=0, parse_dates=True, thousands=',')"
    return " and ".join(says), f"{remedy}{how}."


def _thousands(body: str) -> tuple[list[str], str, str]:
    """Return what commas, points and spaces in a number are, how pandas takes them out, and the number without."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", body):
        return ["has commas between thousands"], ".str.replace(',', '')", body.replace(",", "")
    if "," in body:
        return ["has a decimal comma"], "", body.replace(".", "").replace(",", ".")
    if re.search(_SPACE, body):
        change = r".str.replace(r'[\s\']', '', regex=True)"
        return ["has spaces between thousands"], change, re.sub(_SPACE, "", body)
    return [], "", body


def epoch_unit(value: object) -> tuple[str, str] | None:
    """Return the unit, and its name, of a number that is a time since 1970, of the years 2001 to 2286 (or 1973)."""
    text = re.sub(r"\.0*$", "", str(value).strip())
    if not re.fullmatch(r"\d{9,19}", text):
        return None
    return next(((unit, name) for low, high, unit, name in _UNITS if low <= len(text) <= high), None)


def describe_date(value: object, index: str = "index") -> tuple[str, str] | None:
    """Say what a number or text that is no date as it stands is, and how pandas reads it; None where not known."""
    text = re.sub(r"\.0*$", "", str(value).strip())
    whole = f"{index}.astype('int64').astype(str)"
    if re.fullmatch(r"(18|19|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", text):
        return "a date written as a number", f"pd.to_datetime({whole}, format='%Y%m%d')"
    if re.fullmatch(r"(18|19|20|21)\d\d(0[1-9]|1[0-2])", text):
        return "a month written as a number", f"pd.to_datetime({whole}, format='%Y%m') + pd.offsets.MonthEnd(0)"
    if re.fullmatch(r"(18|19|20|21)\d\d", text):
        return "a year", f"pd.to_datetime({whole}, format='%Y') + pd.offsets.YearEnd(0)"
    if unit := epoch_unit(text):
        when = pd.Timestamp(int(text), unit=unit[0])
        whole = "" if not isinstance(value, str) else ".astype('int64')"
        return f"{unit[1]} since 1970, {when}", f"pd.to_datetime({index}{whole}, unit='{unit[0]}')"
    if re.fullmatch(r"[23456]\d{4}", text):
        return (
            f"days as a spreadsheet counts them, {(pd.Timestamp('1899-12-30') + pd.Timedelta(days=int(text))).date()}",
            f"pd.to_datetime({index}, unit='D', origin='1899-12-30')",
        )
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ].*([+-]\d\d:?\d\d|Z)", text):
        return (
            "a text with a zone",
            f"pd.to_datetime({index}, utc=True).tz_convert('America/New_York'), or its own zone",
        )
    return None


def looks_like_dates(column: Any) -> str:
    """Return how to read a column of a frame as dates; empty where it does not look like dates."""
    values = column.dropna()
    if not len(values):
        return ""
    if values.dtype.kind == "M" or type(values.iloc[0]).__name__ in ("date", "datetime", "Timestamp"):
        return "{column}"
    found = describe_date(values.iloc[0], "{column}")
    if found and values.dtype.kind in "iuf":
        return found[1] if len(str(int(values.iloc[0]))) >= 8 else ""
    if re.match(r"\d{4}-\d\d-\d\d", str(values.iloc[0])):
        return found[1] if found else "pd.to_datetime({column})"
    formats = date_formats(values)
    return read_formats("{column}", formats) if formats else ""
