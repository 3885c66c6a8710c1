"""Pages among the reports that show an entity: what a person drew of a prediction, and is theirs to delete."""

import re
from html import escape
from pathlib import Path

from interlock.serving.entity import Entity

REPORTS = Path("reports")
END = r"(?:(?!\w)|(?=T\d))"  # a day ends where its hours begin


def showing(entity: Entity, folder: Path = REPORTS) -> list[Path]:
    """The pages in a folder, and in those below it, that show one of the values in each column; a longer word is none of them."""
    sought = [re.compile("|".join(rf"(?<!\w){re.escape(text)}{END}" for text in _written(values))) for values in entity.values.values()]
    pages = sorted(page for page in folder.rglob("*.htm*") if page.is_file())
    return [page for page in pages if all(each.search(page.read_text("utf-8", errors="replace")) for each in sought)]


def _written(values: tuple[str, ...]) -> set[str]:
    """Values as they stand, and as a page writes them."""
    return {form for value in values if value for form in (value, escape(value), escape(value, quote=False))} or {"\0"}
