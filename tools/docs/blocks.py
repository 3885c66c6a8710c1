"""Generated parts of documents, and the tables in them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Block: TypeAlias = Callable[[str], str]  # from what stands there to what should
MARK = re.compile(r"^<!-- /(.+) -->$", re.MULTILINE)


def renewed(path: Path, text: str, blocks: Mapping[str, Block]) -> str:
    """`text` with each of the `blocks` as it should be; one that is missing comes at the end, under its own heading."""
    if unknown := [name for name in MARK.findall(text) if name not in blocks]:
        raise ValueError(f"{path}: nothing generates {unknown[0]}: remove its section")
    for name, block in blocks.items():
        marks = re.compile(f"(<!-- {re.escape(name)} -->\n)(.*?)(<!-- /{re.escape(name)} -->)", re.DOTALL)
        if not marks.search(text):
            text += f"\n## {name}\n\n<!-- {name} -->\n<!-- /{name} -->\n"
        text = marks.sub(lambda match, block=block: f"{match[1]}{block(match[2])}\n{match[3]}", text)  # type: ignore[misc] # bound now
    return text


def fenced(text: str) -> str:
    """`text` as it stands on a terminal."""
    return f"```text\n{text.rstrip()}\n```"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def annotated(head: Sequence[str], rows: Iterable[Sequence[str]], there: str) -> str:
    """A table whose last column is what the table `there` says in the row of the same first cell, empty where it has none."""
    said = {row[0]: row[-1] for row in read(there)}
    return table(head, ([*row, said.get(row[0], "")] for row in rows))


def read(there: str) -> list[list[str]]:
    """The rows of a table, less its head."""
    lines = [line for line in there.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]
