"""Predictions made again, from the bundle, the snapshot and the events that made them: the same bits, or what differs first."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from interlock.errors import ArtifactError, ContractError, InterlockError
from interlock.features import payloads, records
from interlock.features.bits import differing
from interlock.features.featureset import FeatureSet
from interlock.lineage import environment
from interlock.releases import bundles
from interlock.releases.bundles import Resolved
from interlock.serving.known import Known
from interlock.serving.model import Model, Scored
from interlock.serving.predictions import Logged
from interlock.serving.record import Prediction
from interlock.serving.snapshot import Rows

BATCH = 20_000
UNFIT = (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError)
ERASED = "its payload was erased: what was asked and answered is gone, its place in the chain stays"


class Difference(NamedTuple):
    """The first thing that is not as it was recorded: the bundle, data, the event log, the request, a feature or a score."""

    what: str
    recorded: Any
    now: Any


@dataclass(frozen=True)
class Replayed:
    """What became of a prediction that was made again: equal to the bit, different, or `error` says why it could not be."""

    id: str
    version: str | None
    difference: Difference | None = None
    error: InterlockError | None = None
    note: str = ""

    @property
    def equal(self) -> bool:
        return self.difference is None and self.error is None


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


def replay(logged: Iterable[Logged], ground: Ground, done: Callable[[int], None] = lambda _: None) -> list[Replayed]:
    """Make predictions again, in their order; `done` is told how many were made.

    What keeps some from being made again is told of each of these.
    """
    return [each for part in batched(logged) for each in _replayed(part, ground, done)]


def batched(logged: Iterable[Logged]) -> Iterator[list[Logged]]:
    """Predictions in parts that fit into memory, however long the log."""
    rest = iter(logged)
    while part := list(islice(rest, BATCH)):
        yield part


def _replayed(logged: Sequence[Logged], ground: Ground, done: Callable[[int], None]) -> list[Replayed]:
    found = {each.id: Replayed(each.id, None, error=ArtifactError(ERASED)) for each in logged if each.prediction is None}
    done(len(found))
    for source, asked in grouped(logged).items():
        try:
            found |= {each.id: each for each in _again(source, asked, ground)}
        except InterlockError as error:
            found |= {identity: Replayed(identity, source.version, error=error) for identity, _ in asked}
        done(len(asked))
    return [found[each.id] for each in logged]


def grouped(logged: Sequence[Logged]) -> dict[Source, list[tuple[str, Prediction]]]:
    """Predictions that were not erased, by what they share."""
    groups: dict[Source, list[tuple[str, Prediction]]] = defaultdict(list)
    for each in logged:
        if made := each.prediction:
            snapshot = made.snapshot
            groups[Source(made.version, snapshot.commit, snapshot.raw, snapshot.quarantine)].append((each.id, made))
    return groups


def _again(source: Source, asked: Asked, ground: Ground) -> Iterator[Replayed]:
    """The predictions of one version over one snapshot."""
    resolved, model = ground.version(source.version)
    told = {identity: _origin(made, resolved, model) for identity, made in asked}
    known = known_of(model, source, [made for _, made in asked], ground.events)
    fits = [(identity, made) for identity, made in asked if told[identity] is None]
    told |= {identity: _chain(made, known) for identity, made in fits}
    fits = [(identity, made) for identity, made in fits if told[identity] is None]
    scored = rescored(model, known, [made for _, made in fits])
    firsts = _first(model.features, [made for _, made in fits], scored)
    told |= {identity: first for (identity, _), first in zip(fits, firsts, strict=True)}
    for identity, made in asked:
        difference = told[identity]
        yield Replayed(identity, source.version, difference, note=_note(made, known) if difference else "")


def known_of(model: Model, source: Source, made: Sequence[Prediction], events: Path) -> Known:
    """What was known at any of the predictions' positions in the event log; raises ArtifactError where the data are others."""
    rows = Rows.at(source.commit)
    for name, now, then in (("data/raw", rows.raw, source.raw), ("data/quarantine", rows.quarantine, source.quarantine)):
        if now != then:
            raise ArtifactError(
                f"{name} of commit {source.commit[:12]} has the hash {now}, recorded is {then}",
                "dvc.lock of that commit, or the record, was altered: restore the repository, or the log, from a backup",
            )
    positions = {each.snapshot.position for each in made}
    return Known.of(model.features, rows.valid(model.features), events, upto=max(positions), mark=positions)


def rescored(model: Model, known: Known, made: Sequence[Prediction]) -> Scored:
    """The requests of predictions, scored from what was known at the position of each."""
    asked = requests(model.features, made)
    places = _positions(model.features, known, asked, made)
    parts, order = [], []
    for position in dict.fromkeys(places):
        rows = [row for row, place in enumerate(places) if place == position]
        parts.append(model.score(known, asked[rows], position))
        order += rows
    if not parts:
        parts.append(model.score(known, asked))
    back = pl.Series(order, dtype=pl.Int64).arg_sort()
    values, scores = (pl.concat(each)[back] for each in ([part.values for part in parts], [part.scores for part in parts]))
    return Scored(asked, values, scores, {})


def _positions(features: FeatureSet, known: Known, asked: pl.DataFrame, made: Sequence[Prediction]) -> list[int]:
    """The position from which each is computed: the last of all where nothing that came later can change it, so as few as can be."""
    changes = {position: known.changes(position) for position in {each.snapshot.position for each in made}}
    as_of = features.request.as_of
    moments = asked[as_of].to_physical().to_list() if as_of else [0] * len(made)
    unmoved = [
        (first := changes[each.snapshot.position]) is None or (moment is not None and moment <= first)
        for each, moment in zip(made, moments, strict=True)
    ]
    return [known.position if same else each.snapshot.position for each, same in zip(made, unmoved, strict=True)]


def requests(features: FeatureSet, made: Sequence[Prediction]) -> pl.DataFrame:
    """The requests of predictions as a version's contract types them; raises ContractError where it asks for what they have not."""
    types = features.request.types
    nullable = set(features.request.nullable)
    for each in made:
        if missing := [name for name in types if name not in each.request and name not in nullable]:
            raise ContractError(
                f"the request has no {missing[0]}, which this version asks for", "it cannot say what it would have answered"
            )
    try:
        return payloads.decoded([msgspec.json.encode(each.request) for each in made], types)
    except UNFIT as error:
        raise ContractError(f"a request is of other types than this version asks for: {error}", "it cannot be scored by it") from None


def recorded(features: FeatureSet, made: Sequence[Prediction]) -> pl.DataFrame:
    """The public features of predictions as they were recorded; raises ArtifactError where one is of another type than declared."""
    types = {feature.name: feature.dtype for feature in features.public}
    try:
        return payloads.decoded([msgspec.json.encode(each.values) for each in made], types)
    except UNFIT as error:
        raise ArtifactError(f"a recorded feature is of another type than its version declares: {error}", records.RESTORE) from None


def _origin(made: Prediction, resolved: Resolved, model: Model) -> Difference | None:
    """What of the record is not of the release that it names."""
    release, features = resolved.release, model.features
    pairs = {
        "commit": (made.commit, release.commit),
        "bundle": (made.bundle, model.bundle),
        "feature set": (made.features, features.fingerprint),
        "request": (sorted(made.request), sorted(features.request.types)),
        "features": (sorted(made.values), sorted(feature.name for feature in features.public)),
        "scores": (sorted(made.scores), sorted(model.scorer.model.task.columns)),
    }
    return next((Difference(name, then, now) for name, (then, now) in pairs.items() if then != now), None)


def _chain(made: Prediction, known: Known) -> Difference | None:
    then, now = made.snapshot.chain, known.chains[made.snapshot.position]
    return None if then == now else Difference(f"event log at position {made.snapshot.position}", then, now)


def _first(features: FeatureSet, made: Sequence[Prediction], scored: Scored) -> list[Difference | None]:
    """For each prediction the first feature or score that is not as it was recorded."""
    then = recorded(features, made)
    scores = pl.DataFrame({name: [each.scores[name] for each in made] for name in scored.scores.columns}, scored.scores.schema)
    pairs = [(f"feature {name}", then[name], scored.values[name]) for name in then.columns]
    pairs += [(name, scores[name], scored.scores[name]) for name in scores.columns]
    found: list[Difference | None] = [None] * len(made)
    for what, before, now in reversed(pairs):
        for row in differing(now, before).arg_true():
            found[row] = Difference(what, before[row], now[row])
    return found


def _note(made: Prediction, known: Known) -> str:
    gone = sum(position <= made.snapshot.position for position in known.erased)
    return f"{gone:,} records of the event log that it may have counted were erased since" if gone else ""
