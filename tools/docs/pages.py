"""docs/README.md: every page by its title."""

from collections.abc import Mapping
from pathlib import Path

from tools.docs.blocks import Block

DOCS = Path("docs")


def blocks() -> Mapping[str, Block]:
    folders = sorted(folder for folder in DOCS.iterdir() if folder.is_dir() and any(folder.glob("*.md")))
    return {folder.name: _listed(folder) for folder in folders}


def _listed(folder: Path) -> Block:
    return lambda _: "\n".join(f"- [{title(page)}]({page.relative_to(DOCS).as_posix()})" for page in sorted(folder.glob("*.md")))


def title(page: Path) -> str:
    """The page's first line, less the mark of a heading."""
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").strip()
