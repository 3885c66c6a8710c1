"""The lines that declare each feature at a commit, and who last changed them. Nothing of a commit is run."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from interlock.errors import GitError
from interlock.git import git
from interlock.lineage.tree import Code

HASH = 40


def declarations(commit: str, path: str, text: str, names: Iterable[str]) -> dict[str, Code]:
    """Where each of `names` is bound in the Python file `path`, whose text at a commit is `text`.

    A name is bound by an assignment, or as a key of a dictionary that one makes: `{f"spent_{w}": … for w in …}` binds
    `spent_7d`. Names that no statement binds are left out.
    """
    statements, lines = list(_statements(text)), text.splitlines()
    changes = blamed(commit, path)
    found = {}
    for name in names:
        node = next((node for node in statements if name in _plain(node)), None) or next((n for n in statements if _family(n, name)), None)
        if node is not None:
            first, last = node.lineno, node.end_lineno or node.lineno
            changed = max((changes[line] for line in range(first, last + 1) if line in changes), default=(0, "", ""))
            when = day(changed[0]) if changed[1] else ""
            found[name] = Code(path, first, last, "\n".join(lines[first - 1 : last]), changed[1], changed[2], when)
    return found


def _statements(text: str) -> Iterator[ast.stmt]:
    """The statements of a module, those inside `if`, `for`, `with` and `try` too; none where it is no Python of this version."""
    try:
        waiting: list[ast.stmt] = list(reversed(ast.parse(text).body))
    except (SyntaxError, ValueError, RecursionError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Assign | ast.AnnAssign):
            yield node
        for part in ("finalbody", "orelse", "body"):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                waiting += reversed([each for each in getattr(node, part, []) if isinstance(each, ast.stmt)])


def _plain(node: ast.stmt) -> set[str]:
    """The names that an assignment binds."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _family(node: ast.stmt, name: str) -> bool:
    """Whether an assignment makes a dictionary, one of whose keys can be `name`."""
    value = getattr(node, "value", None)
    for part in ast.walk(value) if value is not None else ():
        keys = part.keys if isinstance(part, ast.Dict) else [part.key] if isinstance(part, ast.DictComp) else []
        if any(_can_be(key, name) for key in keys):
            return True
    return False


def _can_be(key: ast.expr | None, name: str) -> bool:
    match key:
        case ast.Constant(value=str(text)):
            return text == name
        case ast.JoinedStr(values=parts):
            pattern = "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts)
            return re.fullmatch(pattern, name) is not None
    return False


def blamed(commit: str, path: str) -> Mapping[int, tuple[int, str, str]]:
    """For each line of a file at a commit: when, in which commit and by whom it was changed; none where git cannot tell."""
    try:
        told = git("blame", "--line-porcelain", commit, "--", path)
    except GitError:
        return {}
    found, line, about = {}, 0, {"": ""}
    for text in told.splitlines():
        word, _, rest = text.partition(" ")
        if text.startswith("\t"):
            found[line] = (int(about["committer-time"]), about["commit"], about["author"])
        elif len(word) == HASH and rest[:1].isdigit():
            line, about = int(rest.split()[1]), {"commit": word}
        else:
            about[word] = rest
    return found


def day(seconds: int) -> str:
    """The day, in UTC, of a time that git gives."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
