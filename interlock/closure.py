"""What a module pulls in: the project's own files behind it and the packages behind those, read from source.

Followed are imports anywhere in a file (inside functions too), whole strings that name a module of the project, which is how
registries name their members, and what a use case's files are loaded by. Nothing is imported to find out.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from interlock import library
from interlock.errors import DeclarationError
from interlock.loading import raised_in, said

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


@dataclass(frozen=True)
class Source:
    """What one file says: the dotted names it imports, its strings that name a module, and what it loads or opens by name."""

    imported: frozenset[str]
    named: frozenset[str]
    loaded: frozenset[str]
    opened: frozenset[str]


@dataclass(frozen=True)
class Code:
    """The code of the project in the current folder: its own files, and those of the `library` where it is not in its tree."""

    library: Mapping[str, bytes]

    @classmethod
    def here(cls) -> "Code":
        return cls(library.modules())

    def has(self, path: Path) -> bool:
        return path.as_posix() in self.library or path.is_file()

    def read(self, path: Path) -> bytes:
        found = self.library.get(path.as_posix())
        return path.read_bytes() if found is None else found

    def source(self, path: Path) -> Source:
        return _source(self.read(path), path)

    def closure(self, file: Path, usecase: str = "*") -> set[Path]:
        """The files that running `file` may import, itself and packages' `__init__.py` included.

        Paths are relative to the project's folder, the current one; the library's begin with `interlock/` wherever it lies.
        `usecase` names the use case that is loaded, `*` any.
        """
        found: set[Path] = set()
        waiting = [file]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += [] if path.as_posix() in HARMLESS else sorted(self._reached(path, usecase))
        return found

    def third_party(self, file: Path, usecase: str = "*") -> set[str]:
        """The top-level names of the packages, neither the standard library's nor the project's, that `file`'s closure imports."""
        followed = [path for path in self.closure(file, usecase) if path.as_posix() not in HARMLESS]
        tops = {name.partition(".")[0] for path in followed for name in self.source(path).imported}
        return {name for name in tops if name not in sys.stdlib_module_names and not _is_own(name)}

    def opened(self, file: Path, usecase: str = "*") -> set[str]:
        """The distributions whose files `file`'s closure uses without importing them, by the call `distribution("name")`."""
        return {name for path in self.closure(file, usecase) for name in self.source(path).opened}

    def can_matter(self, path: Path) -> bool:
        """Whether a byte of an artifact can depend on a file: not on an empty `__init__.py`, nor on what is HARMLESS."""
        return path.as_posix() not in HARMLESS and not (path.name == "__init__.py" and not self.read(path))

    def _reached(self, path: Path, usecase: str) -> set[Path]:
        source = self.source(path)
        if path.as_posix() in DIRECTORIES:
            return {file for name in source.imported for file in self._files(name)}
        loaded = {file for name in source.loaded for file in Path("usecases").glob(f"{usecase}/{name}.py")}
        return loaded.union(*map(self._files, source.imported | source.named))

    def _files(self, name: str) -> list[Path]:
        """The files that importing the dotted `name` runs: the packages above it, and the module itself."""
        parts = name.split(".")
        folders = [Path(*parts[:depth]) for depth in range(1, len(parts) + 1)]
        files = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
        return [file for file in files if self.has(file)]


def closure(file: Path, usecase: str = "*") -> set[Path]:
    """The files that running `file` may import, in the project in the current folder; raises DeclarationError where one is no Python."""
    return Code.here().closure(file, usecase)


def third_party(file: Path, usecase: str = "*") -> set[str]:
    """The top-level names of the packages that running `file` may import, in the project in the current folder."""
    return Code.here().third_party(file, usecase)


@cache
def _source(content: bytes, path: Path) -> Source:
    try:
        tree = ast.parse(content, path.as_posix())
    except (SyntaxError, ValueError) as error:
        raise DeclarationError(f"{raised_in(error, path)}: {said(error)}", f"mend {path}") from None
    named = (match[1] for text in _strings(tree) if (match := NAMED.fullmatch(text)))
    return Source(*map(frozenset, (_names(tree, path), named, _loads(tree), _opened(tree))))


def _is_own(top: str) -> bool:
    return top == library.NAME or Path(f"{top}.py").is_file() or any(Path(top).rglob("*.py"))


def _names(tree: ast.AST, path: Path) -> Iterator[str]:
    """The dotted names that a file imports; of `from a import b` both `a` and `a.b`, as `b` may be a module."""
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
