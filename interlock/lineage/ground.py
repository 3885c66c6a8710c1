"""What predictions are made again from: releases, source rows and the event log; and which of them share these."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from interlock.lineage import environment
from interlock.releases import bundles
from interlock.releases.bundles import Resolved
from interlock.serving.model import Model
from interlock.serving.predictions import Logged
from interlock.serving.record import Prediction

BATCH = 20_000


class Source(NamedTuple):
    """What predictions share that are replayed together: the version, and the source rows."""

    version: str
    commit: str
    raw: str
    quarantine: str


Asked = Sequence[tuple[str, Prediction]]


class Opened(NamedTuple):
    """A release, and its model."""

    resolved: Resolved
    model: Model


@dataclass(frozen=True)
class Ground:
    """What predictions are made again from: the releases of a use case, and the event log.

    A version whose bundle was made in another environment than this one is refused, or with `anyway` noted in `elsewhere`.
    """

    usecase: str
    events: Path
    anyway: bool = False
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    opened: dict[str, Opened] = field(default_factory=dict)

    def version(self, name: str) -> Opened:
        """The verified bundle of a version, opened once; raises GitError, or ArtifactError, where there is none."""
        if name not in self.opened:
            resolved = bundles.resolve(self.usecase, version=name)
            if not self.anyway:
                environment.check(resolved.folder)
            elif found := environment.differences(resolved.folder):
                self.elsewhere[name] = found
            self.opened[name] = Opened(resolved, Model.open(resolved.folder, verified=True))
        return self.opened[name]


def batched(logged: Iterable[Logged]) -> Iterator[list[Logged]]:
    """Predictions in parts that fit into memory, however long the log."""
    rest = iter(logged)
    while part := list(islice(rest, BATCH)):
        yield part


def grouped(logged: Sequence[Logged]) -> dict[Source, list[tuple[str, Prediction]]]:
    """Predictions that were not erased, by what they share."""
    groups: dict[Source, list[tuple[str, Prediction]]] = defaultdict(list)
    for each in logged:
        if made := each.prediction:
            snapshot = made.snapshot
            groups[Source(made.version, snapshot.commit, snapshot.raw, snapshot.quarantine)].append((each.id, made))
    return groups
