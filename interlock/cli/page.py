"""The frame of a page for people: one file, without a script, an image or a font from elsewhere, and a policy that forbids them."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Any

from interlock.contracts.evidence import text

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
COMMON = "page.css"


def said(value: Any, width: int = 80) -> str:
    """A value, name or sentence from the data or a report, in one line and escaped."""
    return escape(text(value, width))


def shell(title: str, styles: Iterable[str], body: Iterable[str]) -> str:
    """The whole page with the style that all pages share and the named ones; `title` and `body` are escaped already."""
    style = "".join(files("interlock.cli").joinpath(name).read_text(encoding="utf-8") for name in (COMMON, *styles))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )
