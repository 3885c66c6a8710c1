"""What a module pulls in: the project's own files behind it and the packages behind those, read from source.

Followed are imports anywhere in a file (inside functions too), whole strings that name a module of the project, which is how
registries name their members, and what a use case's files are loaded by. Nothing is imported to find out.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

NAMED = re.compile(r"(interlock(?:\.\w+)+)(?::\w+)?")
LOADERS = {"load_schema": ("schema",), "load": ("schema", "events", "features", "stress")}

# Files that no artifact's bytes can depend on, with the reason; their imports are not followed.
HARMLESS = {
    "interlock/__init__.py": "open() is for notebooks: no stage calls it",
    "interlock/errors.py": "says what went wrong, and ends the process",
}
# Files that name modules on behalf of others, which name again what they use.
DIRECTORIES = {
    "interlock/params.py": "SECTIONS says where each section's object is declared; a stage imports those that it reads",
    "interlock/loading.py": "load() imports the file of a use case that its caller names",
}


def closure(file: Path, usecase: str = "*") -> set[Path]:
    """The project's files that running `file` may import, itself and packages' `__init__.py` included.

    Paths are relative to the project's folder, the current one. `usecase` names the use case that is loaded, `*` any.
    """
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [] if path.as_posix() in HARMLESS else sorted(_reached(path, usecase))
    return found


def third_party(file: Path, usecase: str = "*") -> set[str]:
    """The top-level names of the packages, neither the standard library's nor the project's, that `file`'s closure imports."""
    names = {name for path in closure(file, usecase) if path.as_posix() not in HARMLESS for name in imported(path)}
    tops = {name.partition(".")[0] for name in names}
    return {name for name in tops if name not in sys.stdlib_module_names and not _is_own(name)}


def opened(file: Path, usecase: str = "*") -> set[str]:
    """The distributions whose files `file`'s closure uses without importing them, by the call `distribution("name")`."""
    return {name for path in closure(file, usecase) for name in _opened(_tree(path))}


def imported(path: Path) -> set[str]:
    """The dotted names that `path` imports; of `from a import b` both `a` and `a.b`, as `b` may be a module."""
    return set(_names(_tree(path), path))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), path.as_posix())


def _reached(path: Path, usecase: str) -> set[Path]:
    names, loaded = imported(path), set()
    if path.as_posix() not in DIRECTORIES:
        names |= {match[1] for text in _strings(_tree(path)) if (match := NAMED.fullmatch(text))}
        loaded = {file for name in _loads(_tree(path)) for file in Path("usecases").glob(f"{usecase}/{name}.py")}
    return loaded.union(*map(_files, names))


def _files(name: str) -> list[Path]:
    """The project's files that importing the dotted `name` runs: the packages above it, and the module itself."""
    parts = name.split(".")
    folders = [Path(*parts[:depth]) for depth in range(1, len(parts) + 1)]
    files = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
    return [file for file in files if file.is_file()]


def _is_own(top: str) -> bool:
    return Path(f"{top}.py").is_file() or any(Path(top).rglob("*.py"))


def _names(tree: ast.AST, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = list(path.parts[: len(path.parts) - node.level]) if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _strings(tree: ast.AST) -> Iterator[str]:
    yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _loads(tree: ast.AST) -> Iterator[str]:
    """The use case's files that a module loads, by the calls `load_schema(…)` and `load(…, "features")`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = [a.value for a in node.args if isinstance(a, ast.Constant) and a.value in LOADERS.get(name, ())]
            yield from LOADERS[name] if name == "load_schema" else said


def _opened(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "distribution":
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
