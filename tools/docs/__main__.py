"""What docs/ says of commands, configuration, stages and results is taken from them: `python -m tools.docs [--check]`.

Parts between `<!-- name -->` and `<!-- /name -->` are generated; in their tables the last column is written by hand and kept.
"""

import difflib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from interlock.files import write_text
from tools.docs import commands, configuration, flights, pages, stages, vocabulary
from tools.docs.blocks import Block, renewed

DOCS = Path("docs")
DOCUMENTS: dict[Path, Callable[[], Mapping[str, Block]]] = {
    DOCS / "reference" / "commands.md": commands.blocks,
    DOCS / "reference" / "configuration.md": configuration.blocks,
    DOCS / "reference" / "stages.md": stages.blocks,
    DOCS / "reference" / "vocabulary.md": vocabulary.blocks,
    DOCS / "usecases" / "flights.md": flights.blocks,
    DOCS / "README.md": pages.blocks,
}


def text(path: Path) -> str:
    """The document as it should be; raises ValueError where it holds the marks of a part that nothing generates."""
    return renewed(path, path.read_text(encoding="utf-8"), DOCUMENTS[path]())


def main() -> None:
    for path in DOCUMENTS:
        old, new = path.read_text(encoding="utf-8"), text(path)
        if new != old and "--check" in sys.argv:
            print("\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), str(path), "as it should be", lineterm="")))
            sys.exit(f"{path} is out of date\n  → run: python -m tools.docs")
        if new != old:
            write_text(path, new)
            print(f"{path} is renewed")


if __name__ == "__main__":
    main()
