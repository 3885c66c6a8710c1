"""Settings as an experiment file says them: the choices of groups that come nearest, and the values that are left."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from interlock import compose
from interlock.conf import differing
from interlock.errors import ConfigError, printable
from interlock.params import CONF

CONFIG = CONF / "config.yaml"
EXPERIMENT = "experiment"
ORDER = ("usecase", EXPERIMENT, "model", "gates")
REFERENCE = "${experiment}"


@dataclass(frozen=True)
class Chosen:
    """Choices by group, the experiment whose content is included, and what is left to be said by value."""

    choices: dict[str, str] = field(default_factory=dict)
    included: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def groups() -> list[str]:
    """The groups of conf that a choice can be made of."""
    return [group for group in ORDER if group in _defaults()]


def assigned(tree: Any, key: str, value: Any) -> None:
    """Put `value` at a dotted key of params.yaml; raises ConfigError where no mapping is to hold it."""
    *above, last = key.split(".")
    for name in above:
        if not isinstance(tree, dict) or name not in tree:
            raise ConfigError(f"{key} is no key of params.yaml", f"write it as there; choices are made of: {', '.join(groups())}")
        tree = tree[name]
    tree[last] = value


def chosen(wanted: Mapping[str, Any], now: Any) -> Chosen:
    """What to say so that conf, which composes to `now`, composes to `wanted`: of each group the choice that leaves fewest values, the
    current one where equal."""
    taken: dict[str, str] = {}
    nearest = now
    for group in groups():
        for choice in _choices(group) if _apart(group, nearest, wanted) else ():
            tree = _composed({**taken, group: choice})
            if tree is not None and len(differing(tree, wanted)) < len(differing(nearest, wanted)):
                taken[group], nearest = choice, tree
    included = taken.pop(EXPERIMENT, None) or _defaults().get(EXPERIMENT)
    return Chosen(taken, included, left(nearest, wanted))


def text(found: Chosen, why: str) -> str:
    """The experiment file."""
    from omegaconf import OmegaConf

    included = [f"  - {found.included}"] if found.included else []
    overrides = [f"  - override /{group}: {choice}" for group, choice in [*found.choices.items(), *_following(found.included)]]
    defaults = ["defaults:", *included, "  - _self_", *overrides] if included or overrides else []
    said = OmegaConf.to_yaml(OmegaConf.create(found.values)) if found.values else ""
    return "\n".join(["# @package _global_", f"# {printable(' '.join(why.split()))}", *defaults, said]).rstrip("\n") + "\n"


def selected(name: str) -> str:
    """conf/config.yaml with that experiment selected, and not a byte else changed."""
    lines = CONFIG.read_text(encoding="utf-8").splitlines(keepends=True)
    entries: list[Any] = YAML().load("".join(lines))["defaults"]
    for entry in entries:
        if not isinstance(entry, str) and EXPERIMENT in entry:
            line, column = entry.lc.value(EXPERIMENT)
            old = str(_defaults()[EXPERIMENT] or "null")
            said = next((each for each in (old, f"'{old}'", f'"{old}"') if lines[line].startswith(each, column)), None)
            end = column + len(said) if said else len(lines[line].rstrip("\n"))
            lines[line] = lines[line][:column] + name + lines[line][end:]
            return "".join(lines)
    raise ConfigError(f"the defaults of {CONFIG} list no {EXPERIMENT}", f"add at their end: - {EXPERIMENT}: null")


def _defaults() -> dict[str, str | None]:
    """The choices of conf/config.yaml by group, as they stand there."""
    entries = YAML(typ="safe").load(io.StringIO(CONFIG.read_text(encoding="utf-8"))).get("defaults", [])
    return {str(key).removeprefix("optional "): value for entry in entries if isinstance(entry, dict) for key, value in entry.items()}


def _choices(group: str) -> list[str]:
    return [path.stem for path in sorted((CONF / group).glob("*.yaml")) if path.stem != _defaults()[group]]


def _apart(group: str, nearest: Any, wanted: Mapping[str, Any]) -> bool:
    trees = (nearest, wanted) if group == EXPERIMENT else (nearest[group], wanted[group])
    return bool(differing(*trees))


def _composed(choices: Mapping[str, str]) -> Any:
    try:
        return compose.tried([f"{group}={choice}" for group, choice in choices.items()])
    except ConfigError:  # a choice that fits nothing else that is chosen
        return None


def _following(included: str | None) -> Iterator[tuple[str, str]]:
    """What conf/config.yaml chooses by the experiment's name, chosen as for the included one: it no longer bears the name."""
    for group, choice in _defaults().items():
        if included and choice and REFERENCE in choice:
            told = choice.replace(REFERENCE, included)
            if any((CONF / group.partition("@")[0]).glob(f"{_any(told)}.yaml")):
                yield group, told


def _any(choice: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "*", choice)


def left(found: Any, wanted: Any) -> Any:
    """What is to be laid over `found`, a tree of mappings whose lists are values, to be `wanted`."""
    changed = {key for key, value in wanted.items() if key not in found or differing({key: found[key]}, {key: value})}
    pairs = {key: (found.get(key), value) for key, value in wanted.items() if key in changed}
    both = {key: isinstance(old, dict) and isinstance(new, dict) and bool(new) for key, (old, new) in pairs.items()}
    return {key: left(old, new) if both[key] else new for key, (old, new) in pairs.items()}


def place(name: str) -> Path:
    """Where an experiment of that name stands."""
    return CONF / EXPERIMENT / f"{name}.yaml"
