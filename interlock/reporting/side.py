"""One side of a comparison: a commit's params, reports and lock out of git, and its data where the cache or a remote has them."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from interlock import cache, git, lock, params
from interlock.errors import GitError, InterlockError
from interlock.evaluation.predictions import Predictions
from interlock.lock import LOCK, Stage
from interlock.modeling.task import Task
from interlock.params import PARAMS
from interlock.past import Past
from interlock.reporting import shapes

T = TypeVar("T")
CONFLICT = f"take either side whole, and let the graph say what is right: git checkout --ours {LOCK} reports && make"


@dataclass(frozen=True)
class Side:
    """The project at a commit, by the `name` that people know it by; what was asked of it and is not here is told in `lacks`."""

    name: str
    commit: str
    lacks: list[str] = field(default_factory=list)

    @property
    def past(self) -> Past:
        return Past(self.commit)

    @cached_property
    def params(self) -> Any:
        """What params.yaml says; nothing where the commit has none. Raises GitError where it cannot be read."""
        return self._yaml(PARAMS.as_posix()) or {}

    @cached_property
    def pins(self) -> Any:
        return self._yaml("pins.yaml") or {}

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The stages of dvc.lock in the order they run; none where the commit has no such file."""
        found = git.committed(LOCK, self.commit)
        if found is None:
            return {}
        try:
            return lock.read(found, f"{LOCK} of {self.name}")
        except (YAMLError, AttributeError, KeyError, TypeError):
            raise GitError(f"{LOCK} of {self.name} cannot be read: a conflict of a merge may stand in it", CONFLICT) from None

    @property
    def outputs(self) -> dict[str, str]:
        return {path: found for stage in self.stages.values() for path, found in stage.outputs.items()}

    @property
    def usecase(self) -> str:
        return str((self.params.get("usecase") or {}).get("name", ""))

    def report(self, name: str) -> Any:
        """What reports/<name>.json says; None where the commit has none that can be read, by its form as well."""
        text = self.past.text(f"reports/{name}.json")
        try:
            found = None if text is None else json.loads(text)
        except (ValueError, RecursionError):
            self.lack(f"reports/{name}.json of {self.name} cannot be read")
            return None
        if found is not None and not shapes.fits(name, found):
            self.lack(f"reports/{name}.json of {self.name} has another form than this version of interlock reads")
            return None
        return found

    def load(self, section: str, kind: type[T], default: T | None = None) -> T:
        """A section of params.yaml as the object that its user reads."""
        return params.load(section, kind, self.past.params(), **({} if default is None else {"default": default}))

    @cached_property
    def task(self) -> Task:
        return self.load("usecase.task", Task)  # type: ignore[arg-type] # a union is no type[T]

    @cached_property
    def predictions(self) -> Predictions | None:
        """The scored test rows, None where neither work tree, cache nor a remote have them."""
        folder = self.folder("data/predictions")
        return None if folder is None else Predictions.open(folder / "test.parquet", self.task)

    @cached_property
    def threshold(self) -> float | None:
        """The score from which a row is selected, as the evaluation chose it or conf states it."""
        found = ((self.report("metrics") or {}).get("decision") or {}).get("threshold")
        stated = ((self.params.get("usecase") or {}).get("decision") or {}).get("threshold")
        value = found if found is not None else stated
        return float(value) if isinstance(value, int | float) else None

    def folder(self, path: str) -> Path | None:
        """A folder that the graph wrote at this commit: the work tree's where it is the same, else by its hash; None where it is nowhere."""
        wanted, here = self.outputs.get(path), Path(path)
        if wanted is None:
            self.lack(f"{path} of {self.name} is no output of its {LOCK}")
            return None
        if here.is_dir() and cache.hashed(here) == wanted:
            return here
        try:
            return self.past.folder(path)
        except InterlockError as error:
            said = error.found.splitlines()[0].removeprefix(f"{path} of commit {self.commit[:12]} ").partition(": ")[0]
            self.lack(f"{path} of {self.name} {said}")
            return None

    def lack(self, what: str) -> None:
        """Note what is not here, once."""
        if what not in self.lacks:
            self.lacks.append(what)

    def _yaml(self, path: str) -> Any:
        text = self.past.text(path)
        try:
            return None if text is None else YAML(typ="safe").load(text)
        except params.UNREADABLE as error:
            raise GitError(f"{path} of {self.name} is not YAML: {str(error).splitlines()[0]}", "mend it, and commit: make") from None
