"""Where features are declared: file and lines, and what git says of them."""

import ast
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from interlock import usecase
from interlock.errors import GitError
from interlock.features import collect
from interlock.features.featureset import FeatureSet
from interlock.git import git

UNCOMMITTED = "0" * 40


@dataclass(frozen=True)
class Declarations:
    """The features of a use case as its files declare them now; `features` and `histories` say `file:line` by name."""

    declared: FeatureSet
    features: dict[str, str]
    histories: dict[str, str]


class Change(msgspec.Struct, frozen=True):
    """The commit that last changed some lines; `since` says that they differ from it now."""

    commit: str
    date: str
    author: str
    since: bool


def declarations(name: str) -> Declarations:
    """What the use case `name` of the project in the current folder declares; raises DeclarationError with the line to mend."""
    declared = collect.load(name)
    found = collect.named(usecase.load(name, "features"))
    schema = usecase.load_schema(name)
    return Declarations(
        declared,
        {key: item.place for key, item in found.items()},
        {key: history.place for key, history in schema.histories.items()},
    )


def lines(place: str) -> tuple[Path, int, int]:
    """The file of a `file:line`, and the first and last line of the whole statement there."""
    file, _, number = place.rpartition(":")
    path, line = Path(file), int(number)
    spans = [(node.lineno, node.end_lineno or node.lineno) for node in ast.parse(path.read_bytes()).body]
    first, last = next(((a, b) for a, b in spans if a <= line <= b), (line, line))
    return path, first, last


def code(place: str) -> str:
    """The statement at a `file:line`, as it is written."""
    path, first, last = lines(place)
    return "\n".join(path.read_text(encoding="utf-8").splitlines()[first - 1 : last])


def last_change(place: str) -> Change | None:
    """What git knows of the statement at a `file:line`; None where it is in no commit."""
    path, first, last = lines(place)
    try:
        said = git("blame", "--line-porcelain", "-L", f"{first},{last}", "--", path.as_posix())
    except GitError:
        return None
    commits = _commits(said)
    known = {commit: about for commit, about in commits.items() if commit != UNCOMMITTED}
    if not known:
        return None
    commit, about = max(known.items(), key=lambda item: (int(item[1]["committer-time"]), item[0]))
    when = datetime.fromtimestamp(int(about["committer-time"]), UTC)
    return Change(commit, when.date().isoformat(), about["author"], since=UNCOMMITTED in commits)


def _commits(porcelain: str) -> dict[str, dict[str, str]]:
    """What `git blame --line-porcelain` says of each commit."""
    commits: dict[str, dict[str, str]] = defaultdict(dict)
    commit = ""
    for line in porcelain.splitlines():
        word, _, rest = line.partition(" ")
        if len(word) == len(UNCOMMITTED) and rest[:1].isdigit():
            commit = word
        elif not line.startswith("\t"):
            commits[commit][word] = rest
    return commits
