"""The one loader of params.yaml: sections become frozen objects, and what does not fit is named with the file to mend.

What a section holds is declared beside its user, as a frozen `msgspec.Struct` that forbids unknown fields.
"""

import difflib
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeVar, cast

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from interlock.errors import ConfigError, listed

PARAMS = Path("params.yaml")
CONF = Path("conf")
GROUPS = ("usecase", "model", "gates")
SECTIONS = {
    "usecase.name": "builtins:str",
    "usecase.task": "interlock.modeling.task:Task",
    "usecase.tables": "interlock.sources.spec:Tables",
    "usecase.world": "interlock.sources.spec:World",
    "usecase.small": "interlock.sources.spec:Small",
    "usecase.split": "interlock.modeling.split:Split",
    "usecase.slices": "interlock.modeling.groups:Slices",
    "usecase.evaluation": "interlock.evaluation.bootstrap:Evaluation",
    "usecase.decision": "interlock.modeling.decision:Decision",
    "usecase.fairness": "interlock.modeling.decision:Fairness",
    "usecase.stages": "interlock.releases.stages:Stages",
    "usecase.catalog": "interlock.catalog:Catalog",
    "usecase.retention": "interlock.serving.retention:Retention",
    "model": "interlock.modeling.spec:Model",
    "gates": "interlock.evaluation.gates:Gates",
}
# What reading YAML raises: of its own, and of text that Python takes for no number, day or depth.
UNREADABLE = (YAMLError, ValueError, LookupError, RecursionError)
OPTIONAL = {"usecase.evaluation", "usecase.decision", "usecase.fairness", "usecase.stages", "usecase.retention"}
T = TypeVar("T")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of every section of params.yaml: frozen, and closed to unknown keys."""


@cache
def read_yaml(path: Path) -> Any:
    """A YAML file by the rules that DVC reads it with (YAML 1.2: `1e-5` is a number, `12:30` is text)."""
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist", "run: interlock compose") from error
    except UNREADABLE as error:
        raise ConfigError(f"{path} is not YAML: {error}", "mend the line named above") from error


def load(section: str, kind: type[T], path: Path = PARAMS, *, default: T | EllipsisType | None = ...) -> T:
    """The section at the dotted path `section` of params.yaml as a `kind`; `default` where it may be left out, and is.

    Raises ConfigError where it does not fit.
    """
    if section in OPTIONAL and not isinstance(default, EllipsisType) and not stated(read_yaml(path), section):
        return cast("T", default)
    return convert(_section(read_yaml(path), section, path), kind, section, path)


def convert(found: Any, kind: type[T], section: str, path: Path = PARAMS) -> T:
    """`found` as a `kind`; raises ConfigError that names file, key, what was found and what was expected."""
    if (key := _unwritable(found, section)) is not None:
        raise ConfigError(f"{path}: {key}: holds half a surrogate pair, which is no character", f"mend {owner(key)}")
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        expected, _, place = str(error).partition(" - at `")
        inner = _named(found, kind, re.sub(r"^(key` in `)?\$\.?", "", place).rstrip("`"))
        if place.startswith("key` in "):
            inner, expected = _misnamed(found, kind, inner, expected)
        key = f"{section}.{inner}" if inner else section
        if unknown := re.fullmatch(r"Object contains unknown field `(.+)`", expected):
            key, expected = f"{key}.{unknown[1]}", f"not a known key{_meant(unknown[1], kind)}"
        elif missing := re.fullmatch(r"Object missing required field `(.+)`", expected):
            key, expected = _misspelt(_at(found, inner) if inner else found, missing[1], key, expected)
        value = _at(found, inner)
        said = f", found {value!r}" if value is not None and not isinstance(value, dict) else ""
        raise ConfigError(f"{path}: {key}: {expected}{said}", f"mend {owner(key)} and run: interlock compose") from None


def check(path: Path = PARAMS, found: Any = None) -> None:
    """Check every section of params.yaml, or of what was `found` for it, against the object that its user reads.

    Raises ConfigError on the first misfit.
    """
    found = read_yaml(path) if found is None else found
    for section, place in SECTIONS.items():
        if section in OPTIONAL and not stated(found, section):
            continue
        module, _, name = place.partition(":")
        convert(_section(found, section, path), getattr(import_module(module), name), section, path)
    usecase = found["usecase"]
    known = {section.partition(".")[2] for section in SECTIONS if section.startswith("usecase.")}
    if unknown := sorted(set(usecase) - known):
        raise ConfigError(f"{path}: usecase.{unknown[0]} is not a known key", f"known are: {', '.join(sorted(known))}")
    _same_tables(usecase, path)


def _same_tables(usecase: Any, path: Path) -> None:
    """Raise ConfigError where the catalog does not describe the tables that are read, or a world keeps rows of another."""
    tables, described = usecase["tables"], usecase["catalog"]["tables"]
    if missing := [table for table in tables if table not in described]:
        key = f"usecase.catalog.tables.{missing[0]}"
        raise ConfigError(f"{path}: {key} is missing: the table is not described", f"describe it in {owner('usecase.catalog.tables')}")
    for key, names in {"catalog.tables": described, "small": usecase["small"], "world.keep": usecase["world"].get("keep", {})}.items():
        if unknown := [name for name in names if name not in tables]:
            found = f"{path}: usecase.{key}.{unknown[0]} is not among usecase.tables"
            raise ConfigError(found, f"tables are: {listed(tables)}; mend {owner(f'usecase.{key}.{unknown[0]}')}")


def _unwritable(found: Any, key: str) -> str | None:
    """The key of the first text in `found` that no file can hold."""
    if isinstance(found, str):
        return key if any("\ud800" <= character <= "\udfff" for character in found) else None
    if isinstance(found, dict):
        return next((at for name, value in found.items() if (at := _unwritable([name, value], f"{key}.{name}")) is not None), None)
    if isinstance(found, list):
        return next((at for value in found if (at := _unwritable(value, key)) is not None), None)
    return None


def stated(found: Any, section: str) -> bool:
    """Whether params.yaml, or what was `found` for it, says anything of a section."""
    group, _, name = section.partition(".")
    return isinstance(found, dict) and isinstance(found.get(group), dict) and found[group].get(name) is not None


def _section(found: Any, section: str, path: Path) -> Any:
    found = _closed(found, path)
    for key in section.split("."):
        if not isinstance(found, dict) or key not in found:
            raise ConfigError(f"{path}: section {section} is missing", f"declare it in {owner(section)} and run: interlock compose")
        found = found[key]
    return found


def _closed(params: Any, path: Path) -> Any:
    if not isinstance(params, dict):
        raise ConfigError(f"{path} holds no mapping", "run: interlock compose")
    if unknown := sorted(set(params) - set(GROUPS)):
        raise ConfigError(f"{path}: {unknown[0]} is not a known group", f"known are: {', '.join(GROUPS)}")
    return params


def _at(found: Any, path: str) -> Any:
    for key in filter(None, re.split(r"\.|\[|\]", path)):
        if isinstance(found, list) and key.isdigit():
            found = found[int(key)]
        elif isinstance(found, dict):
            found = found.get(key)
        else:
            return None
    return found


def _named(found: Any, kind: Any, inner: str) -> str:
    """The path `inner` with the keys of mappings, which the checker leaves out, found by checking them one by one."""
    before, gap, after = inner.partition("[...]")
    if gap and "[" not in before:
        for key in _at(found, before):
            alone = _only(found, before, key)
            if not _fits(alone, kind):
                return _named(alone, kind, f"{before}.{key}{after}".lstrip("."))
    return inner


def _misnamed(found: Any, kind: Any, inner: str, expected: str) -> tuple[str, str]:
    """The path of a key of the mapping at `inner` that is no text, or not such a text as is asked, and what is wrong with it."""
    keys = list(_at(found, inner))
    if other := [key for key in keys if not isinstance(key, str)]:
        return f"{inner}.{other[0]}".lstrip("."), f"a name must be text, found {other[0]!r}: put it into quotes, or choose a word"
    key = next(key for key in keys if not _fits(_only(found, inner, key), kind))
    return f"{inner}.{listed([key])}".lstrip("."), f"not a name that may stand here: {expected}"


def _only(found: Any, path: str, key: str) -> Any:
    """`found`, with `key` alone in the mapping at `path`."""
    first, _, rest = path.partition(".")
    return {**found, first: _only(found[first], rest, key)} if first else {key: found[key]}


def _fits(found: Any, kind: Any) -> bool:
    try:
        msgspec.convert(found, kind)
    except msgspec.ValidationError:
        return False
    return True


def _misspelt(there: Any, missing: str, key: str, expected: str) -> tuple[str, str]:
    """The key that stands in the place of a missing one and is nearly called so, and what is wrong with it."""
    close = difflib.get_close_matches(missing, there if isinstance(there, dict) else (), n=1)
    return (f"{key}.{close[0]}", f"not a known key, {missing} is") if close else (key, expected)


def _meant(key: str, kind: Any) -> str:
    close = difflib.get_close_matches(key, getattr(kind, "__struct_fields__", ()), n=1)
    return f", {close[0]} is" if close else ""


def owner(key: str) -> str:
    """The conf files that say `key`, or the folder of its group."""
    group, _, rest = key.partition(".")
    places = [(group, rest), ("experiment", key)]
    saying = [str(file) for folder, path in places for file in sorted((CONF / folder).glob("*.yaml")) if _says(file, path)]
    return " or ".join(saying) or f"conf/{group}/"


def _says(file: Path, path: str) -> bool:
    try:
        found = read_yaml(file)
    except ConfigError:
        return False
    for key in filter(None, re.sub(r"\[.*", "", path).split(".")):
        if not isinstance(found, dict) or key not in found:
            return False
        found = found[key]
    return True
