"""Loading the files of a use case, and telling where in them a declaration or a mistake stands."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from interlock.errors import DeclarationError


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
    except DeclarationError:
        raise
    except Exception as error:
        raise DeclarationError(f"{raised_in(error, path)}: {type(error).__name__}: {error}", f"mend {path}") from error


def place() -> str:
    """`file:line` of the innermost line outside the library: where a declaration stands."""
    library = str(Path(__file__).parent)
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(library):
        frame = frame.f_back
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"


def place_of(module: ModuleType) -> str:
    """The file of a module, as `place` writes it."""
    return _short(module.__file__ or "")


def raised_in(error: BaseException, path: Path) -> str:
    """`file:line` of the innermost line of a use case that `error` went through; the first line of `path` where there is none."""
    if isinstance(error, SyntaxError):
        return f"{path}:{error.lineno}"
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
