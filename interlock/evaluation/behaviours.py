"""The behaviours of a use case: names are the variables of its `stress.py`, and one that would not be tried is refused."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from interlock import loading
from interlock.errors import DeclarationError, shown
from interlock.evaluation.stress import MADE, Case

HOW = 'give each a name of its own, or collect them in a dictionary: {"its_name": unchanged(…)}'


def load(usecase: str) -> dict[str, Case]:
    """What `stress.py` of the use case declares, by name; nothing where it has none."""
    if not Path("usecases", usecase, "stress.py").is_file():
        return {}
    MADE.clear()
    return declared(loading.load(usecase, "stress"))


def declared(module: ModuleType) -> dict[str, Case]:
    """The behaviours that `module` binds to names, those of dictionaries by their keys; a leading underscore keeps one out.

    Raises DeclarationError where one is lost: bound to no name, to a name that another has, or inside of something else.
    """
    found: dict[str, Case] = {}
    aside: set[int] = set()
    for name, value in vars(module).items():
        if name.startswith("_"):
            aside |= {id(case) for case in _within(value)}
            continue
        for key, case in _named(name, value).items():
            if found.setdefault(key, case) is not case:
                raise DeclarationError(f"{case.place}: {key} is bound twice, first at {found[key].place}", "give one of them another name")
    _none_lost(aside | set(map(id, found.values())), loading.place_of(module))
    return {name: case for name, case in found.items() if not name.startswith("_")}


def beside(always: Mapping[str, Case], declared: Mapping[str, Case]) -> dict[str, Case]:
    """The cases that always run, then the declared ones; raises DeclarationError where one would take the place of another."""
    for name in declared:
        if name in always:
            raise DeclarationError(f"{declared[name].place}: {name} is the name of a case that always runs", "give yours another name")
    return {**always, **declared}


def _named(name: str, value: Any) -> dict[str, Case]:
    """The behaviours that `value`, bound to `name`, is or holds."""
    if isinstance(value, Case):
        return {name: value}
    if not (cases := _within(value)):
        return {}
    if not isinstance(value, dict) or len(cases) < len(value):
        what = "dictionary of other things too" if isinstance(value, dict) else type(value).__name__ if type(value) is not type else "class"
        raise DeclarationError(f"{cases[0].place}: {name} is a {what}, whose behaviours would not be tried", HOW)
    if wrong := [key for key in value if not (isinstance(key, str) and key.isidentifier())]:
        raise DeclarationError(f"{value[wrong[0]].place}: {shown(wrong[0])} is no name of a behaviour", "call it as a variable")
    return value


def _within(value: Any) -> list[Case]:
    """The behaviours that `value` is, or holds directly."""
    items: Iterable[Any] = [value]
    if isinstance(value, list | tuple | set | frozenset):
        items = value
    elif isinstance(value, dict | type):
        items = (value if isinstance(value, dict) else vars(value)).values()
    return [item for item in items if isinstance(item, Case)]


def _none_lost(kept: set[int], file: str) -> None:
    for case in MADE:
        if id(case) not in kept and case.place.rpartition(":")[0] == file:
            said = f"{case.place}: this behaviour has no name of its own: it was bound again, or to none"
            raise DeclarationError(said, HOW)
