"""Text of others on a terminal."""

from interlock.errors import printable


def plain(text: str) -> str:
    """`text` in one line, what a terminal would obey, or not show, written as its escape."""
    return printable(text).replace("\n", r"\n")
