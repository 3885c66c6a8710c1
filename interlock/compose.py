"""params.yaml from conf/: composed by Hydra into the very bytes that `dvc exp run` writes."""

import difflib
import hashlib
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from interlock import conf, params
from interlock.errors import ConfigError
from interlock.files import write_text
from interlock.git import committed
from interlock.params import CONF, PARAMS
from interlock.project import SCRATCH

COMMAND = "interlock compose"
STAMP = SCRATCH / "composed"
LONGEST_DIFF = 40


def compose(choices: Sequence[str] = ()) -> str:
    """The text of params.yaml that conf/ says, checked; raises ConfigError that names file and key.

    `choices` are taken in place of those of conf/config.yaml, as `model=fair`.
    """
    params.read_yaml.cache_clear()
    conf.check()
    text, said = _composed(choices)
    read = parsed(text)
    conf.read_alike(PARAMS, dict(conf.leaves(read)), dict(conf.leaves(said)))
    params.check(PARAMS, read)
    return text


def tried(choices: Sequence[str]) -> Any:
    """What other choices come to, of a conf that was checked; raises ConfigError where they do not fit each other."""
    return _composed(choices)[1]


def write(text: str) -> list[str]:
    """Write the composed `text` to params.yaml; returns the dotted keys whose value changed."""
    keys = changed_keys(_current(), text)
    if _current() != text:
        write_text(PARAMS, text)
    params.read_yaml.cache_clear()
    write_text(STAMP, json.dumps({"conf": conf.digest(), "params": _hash(text)}) + "\n")
    return keys


def settle() -> list[str]:
    """Bring params.yaml up to date where conf/ changed since it was composed; returns the keys that changed.

    Costs two hashes where nothing changed. Raises ConfigError where params.yaml holds something that was neither
    composed here nor committed: an edit by hand or an experiment's choices, which are never overwritten unasked.
    """
    stamp = _stamp()
    if stamp == {"conf": conf.digest(), "params": _hash(_current())}:
        return []
    text = compose()
    if _current() and _current() != text and _hash(_current()) not in {stamp.get("params"), _hash_of_commit()}:
        raise ConfigError(
            f"{PARAMS} was changed, and conf/ does not say so:\n{difference(text)}",
            f"write the change into conf/ (an experiment's choices too), or drop it; then run: {COMMAND}",
        )
    return write(text)


def check() -> None:
    """Raise ConfigError, with the difference, where params.yaml is not what conf/ composes to."""
    if found := difference(compose()):
        raise ConfigError(f"{PARAMS} is not what conf/ composes to:\n{found}", f"run: {COMMAND}")


def difference(text: str) -> str:
    """The lines in which params.yaml differs from the composed `text`; empty where it does not."""
    before, after = (part.splitlines(keepends=True) for part in (_current(), text))
    lines = list(difflib.unified_diff(before, after, fromfile=f"{PARAMS} (as it is)", tofile=f"{PARAMS} (composed)", n=1))
    more = [f"… and {len(lines) - LONGEST_DIFF} lines more\n"] if len(lines) > LONGEST_DIFF else []
    return "".join(lines[:LONGEST_DIFF] + more).rstrip("\n")


def changed_keys(before: str, after: str) -> list[str]:
    """The dotted keys that differ between two texts of params.yaml."""
    return conf.differing(parsed(before), parsed(after))


def _composed(choices: Sequence[str]) -> tuple[str, Any]:
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException, MissingConfigException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        with initialize_config_dir(str(CONF.absolute()), version_base=None):
            config = hydra_compose("config", overrides=[*choices])
        OmegaConf.resolve(config)
    except MissingConfigException as error:
        raise _missing(error) from None
    except (OmegaConfBaseException, HydraException, ValueError, TypeError) as error:
        raise _misfit(error) from None
    return OmegaConf.to_yaml(config), OmegaConf.to_container(config)


def _missing(error: Any) -> ConfigError:
    """What to say of a group or a choice that does not exist; Hydra says which file asks for it, and what there is."""
    asked = re.search(r"^In '(.+?)'", str(error))
    place = f"{CONF}/{asked[1] if asked else 'config'}.yaml"
    group, _, choice = str(error.missing_cfg_file).rpartition("/")
    if not (CONF / group).is_dir():
        groups = sorted(folder.name for folder in CONF.iterdir() if folder.is_dir())
        return ConfigError(f"{place}: {group} is not a group of conf", f"groups are: {', '.join(groups)}")
    return ConfigError(f"{place}: {CONF}/{group} has no choice {choice}", f"choices of {group} are: {', '.join(error.options or [])}")


def _misfit(error: Exception) -> ConfigError:
    """What else Hydra says, with the places in conf that hold the reference it speaks of."""
    words = " ".join(str(error).split())
    spoken = re.search(r"\$\{([^}]+)\}|'([^' ]+)' not found", words)
    name = (spoken[1] or spoken[2]) if spoken else None
    places = [
        f"{path}: {key}"
        for path in conf.files()
        for key, value in conf.leaves(params.read_yaml(path))
        if name and f"${{{name}}}" in str(value)
    ]
    return ConfigError(f"{CONF}: {words}", f"mend {', '.join(places) or f'the defaults in {CONF}/config.yaml'}")


def parsed(text: str) -> Any:
    """What a text of params.yaml says, by the rules that DVC reads it with."""
    return YAML(typ="safe").load(io.StringIO(text)) or {}


def _current() -> str:
    return PARAMS.read_bytes().decode(errors="replace") if PARAMS.is_file() else ""


def _stamp() -> dict[str, str]:
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_of_commit() -> str:
    return hashlib.sha256(committed(Path(PARAMS)) or b"").hexdigest()
