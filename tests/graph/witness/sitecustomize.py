"""On PYTHONPATH of a stage's process it writes down, as WITNESS/<stage>.json, what the stage did.

The modules of the project that were imported, the packages that these import and the libraries that they load, the
sections of params.yaml that were read, and the files that were made, changed or removed.
"""

import atexit
import builtins
import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path.cwd()
IGNORED = {".git", ".dvc", "__pycache__"}
packages: set[str] = set()
libraries: set[str] = set()
sections: set[str] = set()
others: set[str] = set()


def files() -> dict[str, tuple[int, int]]:
    found = {}
    for folder, names, leaves in os.walk(HERE):
        names[:] = [name for name in names if name not in IGNORED]
        for path in (Path(folder, leaf) for leaf in leaves):
            found[path.relative_to(HERE).as_posix()] = path.stat().st_mtime_ns, path.stat().st_size
    return found


def watched(name: str, globals_: Any = None, locals_: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    module = plain(name, globals_, locals_, fromlist, level)
    place = (globals_ or {}).get("__file__") or ""
    if level == 0 and Path(place).is_relative_to(HERE):
        packages.add(name.partition(".")[0])
        watch_params(sys.modules.get("interlock.params"))
    return module


def watch_params(module: Any) -> None:
    """Note each section that is loaded, and each group or file that is read outside of that."""
    if module is None or not hasattr(module, "owner") or hasattr(module, "watched"):
        return
    module.watched = True
    load, read_yaml, loading = module.load, module.read_yaml, []

    def noted_load(section: str, *arguments: Any, **options: Any) -> Any:
        sections.add(section)
        loading.append(section)
        try:
            return load(section, *arguments, **options)
        finally:
            loading.pop()

    def noted_read(path: Path) -> Any:
        if loading:
            return read_yaml(path)
        if path.name != "params.yaml":
            others.add(path.as_posix())
            return read_yaml(path)
        return Noted(read_yaml(path))

    module.load, module.read_yaml = noted_load, noted_read


class Noted(dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        sections.add(key)
        return super().__getitem__(key)


def heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "ctypes.dlopen" and arguments[0]:
        libraries.add(str(arguments[0]))


def write(stage: str, before: dict[str, tuple[int, int]]) -> None:
    after = files()
    places = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    modules = [Path(place) for place in places if place]
    found = {
        "modules": sorted(path.relative_to(HERE).as_posix() for path in modules if path.is_relative_to(HERE)),
        "packages": sorted(packages),
        "libraries": sorted(libraries),
        "sections": sorted(sections),
        "others": sorted(others),
        "written": sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)),
    }
    Path(os.environ["WITNESS"], f"{stage}.json").write_text(json.dumps(found))


if sys.orig_argv[1:2] == ["-m"] and sys.orig_argv[2].startswith("stages."):
    plain = builtins.__import__
    builtins.__import__ = watched  # type: ignore[assignment]
    sys.addaudithook(heard)
    atexit.register(write, sys.orig_argv[2].removeprefix("stages."), files())
