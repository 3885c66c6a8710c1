"""Where features are declared: file and lines, and what git says of them."""

import ast
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from interlock import loading, usecase
from interlock.features import collect
from interlock.features.featureset import FeatureSet
from interlock.git import committed, git

HASH = 40


@dataclass(frozen=True)
class Declarations:
    """The features of a use case as its files declare them now; `features` and `histories` say `file:line` by name."""

    declared: FeatureSet
    features: dict[str, str]
    histories: dict[str, str]


class Change(msgspec.Struct, frozen=True):
    """The commit that last changed a statement; `since` says that it was edited after that."""

    commit: str
    date: str
    author: str
    since: bool


def declarations(name: str) -> Declarations:
    """What the use case `name` of the project in the current folder declares; raises DeclarationError with the line to mend."""
    declared = collect.load(name)
    found = collect.named(loading.load(name, "features"))
    schema = usecase.load_schema(name)
    return Declarations(
        declared,
        {key: item.place for key, item in found.items()},
        {key: history.place for key, history in schema.histories.items()},
    )


def code(place: str) -> str:
    """The whole statement at a `file:line`, as it is written."""
    path, line = _split(place)
    text = path.read_text(encoding="utf-8")
    return _text(text, _at(ast.parse(text), line))


def last_change(place: str) -> Change | None:
    """What git knows of the statement at a `file:line`, found in the commit by what it binds; None where it is not there."""
    path, line = _split(place)
    text = path.read_text(encoding="utf-8")
    now = _at(ast.parse(text), line)
    before = (committed(path) if not path.is_absolute() else None) or b""
    then = next((node for node in ast.parse(before).body if _bound(node) == _bound(now)), None)
    if then is None:
        return None
    said = git("blame", "--line-porcelain", "-L", f"{then.lineno},{then.end_lineno}", "HEAD", "--", path.as_posix())
    commit, about = max(_commits(said).items(), key=lambda item: (int(item[1]["committer-time"]), item[0]))
    when = datetime.fromtimestamp(int(about["committer-time"]), UTC)
    return Change(commit, when.date().isoformat(), about["author"], since=_text(before.decode(), then) != _text(text, now))


def _split(place: str) -> tuple[Path, int]:
    file, _, line = place.rpartition(":")
    return Path(file), int(line)


def _at(tree: ast.Module, line: int) -> ast.stmt:
    return next(node for node in tree.body if node.lineno <= line <= (node.end_lineno or node.lineno))


def _bound(node: ast.stmt) -> str:
    """What a statement is known by: the names that it binds."""
    match node:
        case ast.Assign(targets=targets):
            return ast.dump(ast.List(targets))
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
    return ast.dump(node)


def _text(text: str, node: ast.stmt) -> str:
    return "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])


def _commits(porcelain: str) -> dict[str, dict[str, str]]:
    """What `git blame --line-porcelain` says of each commit."""
    commits: dict[str, dict[str, str]] = defaultdict(dict)
    commit = ""
    for line in porcelain.splitlines():
        word, _, rest = line.partition(" ")
        if len(word) == HASH and rest[:1].isdigit():
            commit = word
        elif not line.startswith("\t"):
            commits[commit][word] = rest
    return commits
