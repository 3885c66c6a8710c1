"""What may stand in conf/: plain values and references to other values of conf, read alike by every YAML reader."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interlock.errors import ConfigError
from interlock.params import CONF, read_yaml

REQUIREMENTS = Path("requirements.txt")
RESOLVER = re.compile(r"\$\{\s*([\w.]+)\s*:")


def files() -> list[Path]:
    """Every file of conf/, in order; raises ConfigError where there is none."""
    found = sorted(CONF.rglob("*.yaml"))
    if CONF / "config.yaml" not in found:
        raise ConfigError(f"{CONF}/config.yaml does not exist", "restore it with: git checkout -- conf")
    return found


def digest() -> str:
    """One hash over everything that params.yaml is composed from: conf/ and the locked versions of what composes it."""
    total = hashlib.sha256()
    for path in [*files(), *filter(Path.is_file, [REQUIREMENTS])]:
        total.update(f"{path.as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def check() -> None:
    """Refuse what would not be the same everywhere: missing values, resolvers, and scalars that YAML 1.1 and 1.2 read apart."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    for path in files():
        ours = dict(leaves(read_yaml(path)))
        for key, value in ours.items():
            _plain(path, key, value)
        try:
            theirs = dict(leaves(OmegaConf.to_container(OmegaConf.load(path))))
        except OmegaConfBaseException as error:
            raise ConfigError(f"{path}: {str(error).splitlines()[0]}", "mend the value named above") from None
        read_alike(path, ours, theirs)


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Each scalar (and empty collection) of a tree of mappings and lists with its dotted key."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from leaves(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from leaves(item, f"{key}[{number}]")
    elif key:
        yield key, value


def differing(found: Any, wanted: Any) -> list[str]:
    """The dotted keys of scalars at which two trees of settings are not the same, a number's type included."""
    old, new = (dict(leaves(tree)) for tree in (found, wanted))
    return [key for key in [*new, *(key for key in old if key not in new)] if key not in old or repr(old[key]) != repr(new.get(key))]


def _plain(path: Path, key: str, value: Any) -> None:
    if value == "???":
        raise ConfigError(f"{path}: {key}: ??? stands where a value should be", "write the value")
    if isinstance(value, str) and (found := RESOLVER.search(value)):
        remedy = "name the variable instead, as in `uri_env: WAREHOUSE_URI`; its value is read when it is needed"
        if found[1] != "oc.env":
            remedy = "write the value itself, or ${a.key} of another value in conf"
        raise ConfigError(f"{path}: {key}: {value!r} depends on more than conf", remedy)


def read_alike(path: Path, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Refuse a scalar that the reader of params.yaml (YAML 1.2) and Hydra (YAML 1.1) take for different values."""
    for key in [*ours, *(set(theirs) - set(ours))]:
        if repr(ours.get(key)) != repr(theirs.get(key)):
            readings = f"{ours.get(key)!r} to YAML 1.2 and {theirs.get(key)!r} to YAML 1.1"
            raise ConfigError(f"{path}: {key} is {readings}", "put it in quotes if it is text, or write the number out")
