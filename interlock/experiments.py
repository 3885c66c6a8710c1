"""DVC's experiments as git has them: found by name or commit, and where those that are missing went."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from interlock import git
from interlock.errors import ConfigError, GitError, listed
from interlock.lock import LOCK, outputs
from interlock.params import PARAMS

REF = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/([^/]+)")
FAILED = "an experiment that failed is kept nowhere: dvc queue logs NAME says why a queued one did"


@dataclass(frozen=True)
class Experiment:
    """A run that git has: its name, its commit, and the commit that it started from."""

    name: str
    commit: str
    base: str

    def text(self, path: Path, *, base: bool = False) -> str:
        """A file of it, or of what it started from; raises GitError where there is none."""
        commit = self.base if base else self.commit
        found = git.committed(path, commit)
        if found is None:
            raise GitError(f"commit {commit[:12]} has no {path}", "the commit is of another graph than this one")
        return found.decode("utf-8", errors="replace")

    def edited(self) -> list[str]:
        """The files that it changed besides its parameters and what the graph wrote."""
        names = git.git("diff", "--name-only", "--relative", "-z", self.base, self.commit).split("\0")[:-1]
        lock = git.committed(LOCK, self.commit)
        own = [PARAMS, LOCK, *map(Path, outputs(lock, f"commit {self.commit[:12]}") if lock else ())]
        return [name for name in names if not any(Path(name).is_relative_to(path) for path in own)]


def every() -> list[Experiment]:
    """The experiments of this clone, those of the commit that is checked out first."""
    head = git.head()
    found = list(_refs())
    return sorted(found, key=lambda each: (each.base != head, each.name))


def find(asked: str) -> Experiment:
    """The experiment of that name, or the commit that git finds under it; raises ConfigError, with those that there are, for none."""
    known = every()
    named = [each for each in known if each.name == asked]
    if len(named) > 1 and named[0].base != git.head():
        raise ConfigError(f"{len(named)} experiments are called {asked}", f"name one by its commit: {listed(e.commit[:7] for e in named)}")
    if named:
        return named[0]
    commit = _commit(asked)
    if commit is None:
        raise _unknown(asked, known)
    base = next((each for each in known if each.commit == commit), None)
    return base or Experiment(asked, commit, git.git("merge-base", "HEAD", commit).strip())


def _refs() -> Iterator[Experiment]:
    for line in git.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines():
        commit, _, ref = line.partition(" ")
        if match := REF.fullmatch(ref):
            yield Experiment(match[3], commit, match[1] + match[2])


def _commit(asked: str) -> str | None:
    try:
        return git.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}").strip()
    except GitError:
        return None


def _unknown(asked: str, known: list[Experiment]) -> ConfigError:
    there = f"there are: {listed(each.name for each in known)}" if known else "there is none yet: dvc exp run -S model.learning_rate=0.03"
    return ConfigError(f"{asked} is no experiment and no commit of this clone", f"{there}; {FAILED}")
