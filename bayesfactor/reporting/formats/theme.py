"""How a report looks beside what it says: whose it is, a logo, a colour."""

import base64
import re
import tomllib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from bayesfactor.base.arguments import as_path
from bayesfactor.base.errors import SpecError, unknown

LIGHT, DARK = ("#ffffff", "#f4f5f7"), ("#14171a", "#1e2328")  # the pages and their panels, on which the accent stands
CONTRAST = 4.5  # of text, level AA of WCAG 2.2
ACCENT = "#005a8f"
LARGEST = 256 * 1024  # bytes of a logo
Kind = Literal["png", "jpeg", "svg"]
STARTS: tuple[tuple[bytes, Kind], ...] = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"))
TYPES: dict[Kind, str] = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
PROLOGUE = re.compile(rb"<\?xml.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", re.DOTALL)  # before an SVG
KEYS = ("name", "logo", "accent", "dark_accent")


@dataclass(frozen=True)
class Theme:
    """Whose report it is: a name, a logo and a colour, of HTML and PDF; other formats have the name.

    Parameters
    ----------
    name : str, optional
        Of a desk or a firm, at the top and the foot of the report.
    logo : str, Path or bytes, optional
        A PNG, JPEG or SVG image of at most 256 KB, or its file, which is read at once. It stands in the page as an
        image, with the name as its text: an SVG is never part of the page, so that nothing in it runs.
    accent : str, optional
        Of links, of the place in the contents and of rules, as ``"#005a8f"``: text in it must have a contrast of 4.5 to
        the white page and its panels (WCAG 2.2, level AA).
    dark_accent : str, optional
        The same on a dark page; by default `accent`, lightened until its contrast is enough.

    Raises
    ------
    SpecError
        When the logo is no such image, is too large or cannot be read; when a colour is none, or cannot be read on the
        page.

    Notes
    -----
    The colours of figures are not part of a theme: model, data and sources are told apart by readers who do not see
    every colour. Contrast is (L1 + 0.05) / (L2 + 0.05), of relative luminances L.
    """

    name: str = ""
    logo: str | PathLike[str] | bytes | None = None
    accent: str = ACCENT
    dark_accent: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise SpecError(f"Theme: name is {self.name!r}, and must be text.", place="Theme.name", found=self.name)
        object.__setattr__(self, "name", " ".join(self.name.split()))
        if self.logo is not None:
            object.__setattr__(self, "logo", _image(self.logo))
        for place, colour, pages in (("accent", self.accent, LIGHT), ("dark_accent", self.dark_accent, DARK)):
            if place == "accent" or colour is not None:
                _require_contrast(f"Theme.{place}", colour, pages)

    @property
    def on_dark(self) -> str:
        """The accent of a dark page."""
        return self.dark_accent or _lightened(self.accent)

    @property
    def kind(self) -> Kind | None:
        """What the logo is; None without one."""
        return _kind(self.image)

    @property
    def file(self) -> str:
        """A name for the logo's file; empty without one."""
        return f"logo.{self.kind}" if self.kind else ""

    @property
    def image(self) -> bytes:
        """The logo; empty without one."""
        return self.logo if isinstance(self.logo, bytes) else b""

    @property
    def source(self) -> str:
        """The logo as a data URI; empty without one."""
        return f"data:{TYPES[self.kind]};base64,{base64.b64encode(self.image).decode('ascii')}" if self.kind else ""

    @property
    def css(self) -> str:
        """The style sheet's variables that it sets; on paper the accent is that of a light page."""
        if self.accent == ACCENT and self.dark_accent is None:
            return ""
        light, dark = f"--accent: {self.accent};", f"--accent: {self.on_dark};"
        return (
            f":root {{ {light} }} :root[data-theme='dark'] {{ {dark} }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme='light']) {{ {dark} }} }}\n"
            f"@media print {{ :root:root:root:root {{ {light} }} }}\n"
        )


def read_theme(path: str | PathLike[str]) -> Theme:
    """Read a theme from a TOML file.

    Its keys are those of `Theme`; ``logo`` is a file, named from the folder of the theme.

    Raises
    ------
    SpecError
        When the file cannot be read, has another key, or says what a `Theme` refuses.
    """
    place = as_path(path)
    try:
        table = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(
            f"{place}: cannot be read as a theme ({error}).", place=str(place), remedy='Write name = "My desk".'
        ) from None
    for key, value in table.items():
        if key not in KEYS:
            raise unknown("key", key, KEYS, place=str(place))
        if not isinstance(value, str):
            raise SpecError(f"{place}: {key} is {value!r}, and must be text.", place=f"{place}: {key}", found=value)
    logo = table.pop("logo", None)
    return Theme(**table, logo=None if logo is None else place.parent / logo)


def require_theme(theme: object) -> Theme:
    """Return a theme: the one given, or one that sets nothing; raise a SpecError for anything else."""
    if theme is None:
        return Theme()
    if not isinstance(theme, Theme):
        raise SpecError(
            f"write_report: theme is a {type(theme).__name__}.",
            place="write_report.theme", found=theme, remedy='Write theme=bf.Theme("My desk", logo="logo.svg").',
        )  # fmt: skip
    return theme


def not_drawn(error: Exception) -> SpecError:
    """Return the error where an image begins like one and is none."""
    return SpecError(f"Theme.logo: it cannot be drawn ({error}).", place="Theme.logo", remedy="Save it anew as PNG.")


def _image(logo: object) -> bytes:
    """Return the bytes of a logo, or raise a SpecError where it is none."""
    place, remedy = "Theme.logo", f"Give a PNG, JPEG or SVG image of at most {LARGEST // 1024} KB."
    if isinstance(logo, bytes):
        found = logo
    elif isinstance(logo, str | PathLike):
        try:
            with Path(logo).open("rb") as file:
                found = file.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            what = f"{place}: {logo} cannot be read ({error})."
            raise SpecError(what, place=place, found=logo, remedy=remedy) from None
    else:
        raise SpecError(f"{place} is a {type(logo).__name__}.", place=place, found=logo, remedy=remedy)
    if len(found) > LARGEST:
        raise SpecError(
            f"{place}: it has more than {LARGEST // 1024} KB.", place=place, found=len(found), remedy=remedy
        )
    if _kind(found) is None:
        raise SpecError(f"{place}: it is no PNG, JPEG or SVG image.", place=place, found=found[:20], remedy=remedy)
    return found


def _kind(image: bytes) -> Kind | None:
    for start, kind in STARTS:
        if image.startswith(start):
            return kind
    head = PROLOGUE.sub(b"", image[:4096].removeprefix(b"\xef\xbb\xbf"))
    return "svg" if re.match(rb"\s*<(\w+:)?svg[\s>]", head) else None


def _require_contrast(place: str, colour: object, pages: tuple[str, ...]) -> None:
    """Raise a SpecError unless text of a colour can be read on each of some pages."""
    if not (isinstance(colour, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", colour)):
        raise SpecError(
            f"{place} is {colour!r}, which is no colour.", place=place, found=colour, remedy=f"Write {ACCENT!r}."
        )
    least = min(contrast(colour, page) for page in pages)
    if least < CONTRAST:
        kind, remedy = ("white", "darker") if pages == LIGHT else ("dark", "lighter")
        raise SpecError(
            f"{place}: text in {colour} has a contrast of {least:.2f} to the {kind} page, and needs {CONTRAST}.",
            place=place, found=colour, remedy=f"Take a {remedy} one.",
        )  # fmt: skip


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _lightened(colour: str) -> str:
    """Return a colour mixed with as much white as a dark page needs, in steps of a twentieth."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    mixed = ("#" + "".join(f"{round(part + (255 - part) * step / 20):02x}" for part in parts) for step in range(21))
    return next(one for one in mixed if min(contrast(one, page) for page in DARK) >= CONTRAST)
