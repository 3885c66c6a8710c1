"""`interlock adopt`: a result made permanent, as a file of conf/experiment/ that holds only what differs."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from interlock import compose, experiments, git, params, swaps
from interlock.choosing import CONFIG, assigned, chosen, groups, left, place, selected, text
from interlock.conf import differing
from interlock.errors import ConfigError, GitError, listed
from interlock.experiments import Experiment
from interlock.files import write_text
from interlock.params import CONF, PARAMS

PLAIN = re.compile(r"[a-z][a-z0-9_]{0,63}")
NO_TEXT = {"null", "true", "false", "yes", "no", "on", "off"}  # to one version of YAML or the other


@dataclass(frozen=True)
class Adopted:
    """What was written where: the choices and values of the new file, and the keys of params.yaml that changed by it.

    `kept` is the experiment that was selected before, whose content the new one includes; `edited` are files that the
    result also rests on and that conf cannot say.
    """

    name: str
    file: str
    content: str
    choices: dict[str, str]
    values: dict[str, Any]
    kept: str | None
    keys: list[str]
    commit: str | None
    edited: list[str]


def adopt(name: str, changes: Mapping[str, Any], *, why: str, dry: bool = False) -> Adopted:
    """Keep `changes`, dotted keys of params.yaml or choices of a group of conf with their values, under `name`; `why` heads the file.

    Raises ConfigError where the name is taken or conf cannot say the changes, GitError where conf has edits that no commit has; params.yaml
    may be that of an experiment, as `dvc exp run` leaves it.
    """
    now = _ready(name)
    choices = [f"{key}={value}" for key, value in changes.items() if key in groups() and isinstance(value, str)]
    wanted = compose.tried(choices)
    for key, value in changes.items():
        if f"{key}={value}" not in choices:
            assigned(wanted, key, value)
    return _kept(name, now, wanted, why, None, dry=dry)


def adopt_experiment(asked: str, name: str | None = None, *, dry: bool = False) -> Adopted:
    """Keep the experiment of that name or commit, under its own name where none is given.

    Raises ConfigError or GitError as `adopt` does, and where it started from other parameters than there are now.
    """
    found = experiments.find(asked)
    name = name or re.sub(r"\W", "_", found.name.rpartition("/")[2]).lower()
    now = _ready(name)
    _same_base(found, now)
    why = f"The experiment {found.name}, {found.commit[:12]}."
    return _kept(name, now, compose.parsed(found.text(PARAMS)), why, found, dry=dry)


def _ready(name: str) -> str:
    """What conf composes to, where the name is free and nothing would be lost."""
    git.head()
    if not PLAIN.fullmatch(name) or name in NO_TEXT:
        raise ConfigError(f"{name!r} is no name for an experiment", "give one of small letters, digits and _: --name learns_slowly")
    if (file := place(name)).exists():
        raise ConfigError(f"{file} exists already", "give another name: --name OTHER")
    if dirty := git.git("status", "--porcelain", "--", str(CONF)).splitlines():
        names = listed(line[3:] for line in dirty)
        raise GitError(f"edits that no commit has: {names}", f"commit them, or drop them: git restore {CONF}")
    now = compose.compose()
    here = PARAMS.read_bytes()
    if here != now.encode() and here not in (git.committed(PARAMS, each.commit) for each in experiments.every()):
        compose.check()
    return now


def _same_base(found: Experiment, now: str) -> None:
    """Refuse a result that was measured from other parameters than would stand beside it."""
    old = found.text(PARAMS, base=True)
    if keys := compose.changed_keys(old, now):
        more = left(compose.parsed(old), compose.parsed(found.text(PARAMS)))
        again = " ".join(f"-S {quote(f'{key}={json.dumps(value)}')}" for key, value in _said(more))
        said = f"{found.name} started from commit {found.base[:12]}, which has other parameters: {listed(keys)}"
        raise ConfigError(said, f"run it again on this commit: dvc exp run {again}".rstrip())


def _said(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a tree of mappings by its dotted key; a list is one."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _said(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _kept(name: str, now: str, wanted: Any, why: str, source: Experiment | None, *, dry: bool) -> Adopted:
    params.check(PARAMS, wanted)
    before = compose.parsed(now)
    if not differing(before, wanted):
        raise ConfigError("nothing differs from what conf/ says now", "it is kept already: git log -- conf")
    found = chosen(wanted, before)
    new, config = text(found, why), selected(name)
    composed = _tried(name, new, config, wanted)
    if not dry:
        texts = {place(name): new, CONFIG: config, PARAMS: composed}
        swaps.swap({path: text.encode() for path, text in texts.items()})
        compose.write(composed)  # notes down what it was composed from
    keys = compose.changed_keys(now, composed)
    commit, edited = (source.commit, source.edited()) if source else (None, [])
    return Adopted(name, place(name).as_posix(), new, found.choices, found.values, found.included, keys, commit, edited)


def _tried(name: str, new: str, config: str, wanted: Any) -> str:
    """What a copy of conf composes to with the new files; raises ConfigError where that is not what is `wanted`."""
    with _copied():
        write_text(place(name), new)
        write_text(CONFIG, config)
        composed = compose.compose()
    if keys := differing(compose.parsed(composed), wanted):
        raise ConfigError(f"conf/ cannot say all of it: {listed(keys)} would come out otherwise", "write it into conf/ by hand")
    return composed


@contextmanager
def _copied() -> Iterator[None]:
    """A folder of its own, with a copy of conf, as the current one."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(CONF, Path(folder) / CONF)
        try:
            with chdir(folder):
                yield
        finally:
            params.read_yaml.cache_clear()
