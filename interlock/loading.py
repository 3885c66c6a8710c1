"""Loading the files of a use case, and telling where in them a declaration or a mistake stands."""

import ast
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from interlock.errors import DeclarationError, shown

LONGEST = 2_000
GENERATED = "<string>"  # methods of dataclasses


def load(name: str, file: str) -> ModuleType:
    """The module `usecases/<name>/<file>.py` of the project in the current folder."""
    path = Path("usecases") / name / f"{file}.py"
    if not path.is_file():
        known = sorted(p.parent.name for p in Path("usecases").glob("*/schema.py"))
        raise DeclarationError(f"{path} does not exist", f"use cases here: {', '.join(known) or 'none'}")
    if (root := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, root)
    try:
        return import_module(f"usecases.{name}.{file}")
    except (DeclarationError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a SystemExit too: a stage that did nothing must not end well
        raise DeclarationError(f"{raised_in(error, path)}: {said(error)}", _remedy(error, path)) from error


def _remedy(error: BaseException, path: Path) -> str:
    if isinstance(error, NameError) and error.name:
        return f"import {error.name} in {path}, or bind it above that line"
    written = isinstance(error, TypeError | AttributeError)
    return f"mend {path}" + ("; the reference page Vocabulary has how each word is written" if written else "")


def said(error: BaseException) -> str:
    """The kind of an error of a use case and its message, the beginning only where it is long."""
    try:
        text = str(error)
    except Exception as wrong:
        text = f"its message cannot be made ({type(wrong).__name__})"
    return f"{type(error).__name__}: {text if len(text) <= LONGEST else text[:LONGEST] + '…'}"


def demand(what: str, value: Any, kinds: type | tuple[type, ...], expected: str) -> Any:
    """`value` of the argument `what` of a declaration; raises DeclarationError with its place where it is none of `kinds`."""
    if not isinstance(value, kinds):
        raise DeclarationError(f"{place()}: {what} is {shown(value)}", f"write {expected}")
    return value


def place() -> str:
    """`file:line` of the innermost line outside the library: where a declaration stands."""
    library = str(Path(__file__).parent)
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((library, GENERATED)):
        frame = frame.f_back
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"


def place_of(module: ModuleType) -> str:
    """The file of a module, as `place` writes it."""
    return _short(module.__file__ or "")


def defined_twice(module: ModuleType) -> str:
    """The first class that a module defines twice, and where; empty where there is none."""
    seen: dict[str, int] = {}
    for node in ast.parse(Path(module.__file__ or "").read_bytes()).body:
        if isinstance(node, ast.ClassDef) and (line := seen.setdefault(node.name, node.lineno)) != node.lineno:
            return f"{place_of(module)}:{line} and {place_of(module)}:{node.lineno}: two classes are named {node.name}"
    return ""


def raised_in(error: BaseException, path: Path) -> str:
    """`file:line` of the innermost line of a use case that `error` went through; the first line of `path` where there is none."""
    if isinstance(error, SyntaxError):
        return f"{path}:{error.lineno or 1}"
    lines = []
    trace = error.__traceback__
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    mine = [(file, line) for file, line in lines if "usecases/" in file] or [(str(path), 1)]
    return f"{_short(mine[-1][0])}:{mine[-1][1]}"


def _short(path: str) -> str:
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
