"""Predictions made again, from the bundle, the snapshot and the events that made them: the same bits, or what differs first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from interlock.errors import ArtifactError, InterlockError
from interlock.features.bits import differing
from interlock.features.featureset import FeatureSet
from interlock.lineage import rescored
from interlock.lineage.ground import Asked, Ground, Source, batched, grouped
from interlock.releases.bundles import Resolved
from interlock.serving.known import Known
from interlock.serving.model import Model, Scored
from interlock.serving.predictions import Logged
from interlock.serving.record import Prediction

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


def replay(logged: Iterable[Logged], ground: Ground, done: Callable[[int], None] = lambda _: None) -> list[Replayed]:
    """Make predictions again, in their order; `done` is told how many were made.

    What keeps some from being made again is told of each of these.
    """
    return [each for part in batched(logged) for each in _replayed(part, ground, done)]


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


def _again(source: Source, asked: Asked, ground: Ground) -> Iterator[Replayed]:
    """The predictions of one version over one snapshot."""
    resolved, model = ground.version(source.version)
    told = {identity: _origin(made, resolved, model) for identity, made in asked}
    known = rescored.known_of(model, source, [made for _, made in asked], ground.events)
    fits = [(identity, made) for identity, made in asked if told[identity] is None]
    told |= {identity: _chain(made, known) for identity, made in fits}
    fits = [(identity, made) for identity, made in fits if told[identity] is None]
    scored = rescored.rescored(model, known, [made for _, made in fits])
    firsts = _first(model.features, [made for _, made in fits], scored)
    told |= {identity: first for (identity, _), first in zip(fits, firsts, strict=True)}
    for identity, made in asked:
        difference = told[identity]
        yield Replayed(identity, source.version, difference, note=_note(made, known) if difference else "")


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
    then = rescored.recorded(features, made)
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
