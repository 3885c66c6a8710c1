"""What a sweep found: a row a trial as Parquet, what is to be said of the winner, and the winner for `interlock adopt`."""

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl

from interlock import frames
from interlock.errors import ArtifactError, ConfigError
from interlock.evaluation import champion
from interlock.evaluation.bootstrap import Scorings
from interlock.files import read_json, write_json
from interlock.modeling.spec import Model
from interlock.sweeping import chosen
from interlock.sweeping.journal import AGAIN, FOLDER, different, read
from interlock.sweeping.settings import Settings
from interlock.sweeping.space import GROUP
from interlock.sweeping.trial import COMPLETE, PRUNED, Trial, best, contenders
from interlock.sweeping.trying import Trier

TRIALS, RESULT = FOLDER / "trials.parquet", FOLDER / "result.json"


def begin() -> None:
    """Forget what the last sweep found, while one runs: what is there is of a sweep that has ended."""
    RESULT.unlink(missing_ok=True)


def write(trier: Trier, trials: list[Trial]) -> dict[str, Any]:
    """Write the trials and the result, and return the result."""
    frames.write(frame(trier, trials), TRIALS)
    found = told(trier, trials)
    write_json(RESULT, found)
    return found


def frame(trier: Trier, trials: list[Trial]) -> pl.DataFrame:
    """A row a trial: what became of it, the value of each fold, and the whole of what varies, as its model had it."""
    folds = len(trier.ground.folds)
    rows = []
    for trial in trials:
        model = trier.model(trial.number, trial.point)
        values = trial.values or (None,) * folds
        said = {name: _said(trier, model, name) for name in trier.space.names}
        each = {f"fold_{number}": value for number, value in enumerate(values[:-1], 1)}
        head = {"trial": trial.number, "state": trial.state, "value": trial.value, "validation": trial.validation, "rounds": trial.rounds}
        rows.append({**head, **each, **said, "exclude": ", ".join(model.exclude), "why": trial.why})
    schema = {"trial": pl.Int64, "state": pl.String, "value": pl.Float64, "validation": pl.Float64, "rounds": pl.Int64}
    more = {f"fold_{number}": pl.Float64 for number in range(1, folds)}
    return pl.DataFrame(rows, schema_overrides={**schema, **more, "exclude": pl.String, "why": pl.String}, infer_schema_length=None)


def told(trier: Trier, trials: list[Trial]) -> dict[str, Any]:
    """The winner beside the current configuration, whether a gain can be told, and the importance of what varied."""
    ground, winner, first = trier.ground, best(trials), trials[0]
    kind, metric, labels = ground.said.task.kind, ground.said.task.headline, ground.labels
    scores = {trial.number: trier.scores(trial) for trial in contenders(trials)}
    sides = {"winner": scores[winner.number], "current": scores[0]}
    gain = Scorings.of(kind, labels, sides, ground.said.how).gains("winner", "current")[metric]
    elsewhere = chosen.gain(kind, metric, labels, scores, ground.said.how)
    return {
        "metric": metric,
        "rows": len(labels),
        "folds": len(ground.folds),
        "trials": len(trials),
        "pruned": sum(trial.state == PRUNED for trial in trials),
        "failed": sum(trial.state not in (COMPLETE, PRUNED) for trial in trials),
        "winner": _record(winner),
        "current": _record(first),
        "changes": _differing(ground.said.base, trier.model(winner.number, winner.point)),
        "gain": gain,
        "elsewhere": elsewhere,
        "outcome": outcome(winner.number, gain, elsewhere),
        "importance": trier.asker.importance(trials),
    }


def outcome(winner: int, gain: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> str:
    """In the words of champion and candidate: better only where rows that did not choose say so too."""
    word = champion.word(gain) if winner else champion.SAME
    return champion.SAME if word == champion.BETTER and (elsewhere["gain"] or 0.0) <= 0 else word


def winner(number: int | None = None) -> tuple[str, dict[str, Any]]:
    """A name for the best trial of the last sweep, or for one by its number, and its settings by dotted key of params.yaml.

    Raises ArtifactError where there was no sweep or it was of other data or settings, ConfigError where there is nothing to take over.
    """
    said, trials = read()
    if 0 not in trials:
        raise ArtifactError("the last sweep ended before its first trial", "run: interlock sweep")
    found = trials.get(_best(len(trials)) if number is None else number)
    if found is None or found.state != COMPLETE:
        why = f"was {found.state}" if found else "is none of them"
        raise ConfigError(f"the last sweep has {len(trials)} trials, and number {number} {why}", "take another: interlock sweep")
    if not found.number:
        raise ConfigError("trial 0 is the configuration that the sweep began from: there is nothing to adopt", "search on: interlock sweep")
    _fits(said, found)
    return f"sweep_{found.number}", {f"model.{key}": value for key, value in found.model.items()}


def _best(trials: int) -> int:
    """The number of the trial that the sweep named as it ended."""
    if not RESULT.is_file():
        remedy = "let it end: interlock sweep; or name one of its trials: interlock adopt sweep#3"
        raise ArtifactError(f"the last sweep has not ended; {trials} of its trials have", remedy)
    return int(read_json(RESULT)["winner"]["trial"])


def _fits(said: Mapping[str, Any], trial: Trial) -> None:
    """Raise ArtifactError where the project has changed since the sweep in what the trial's model does not say itself."""
    now = Settings.load().about()
    was: dict[str, Any] = {key: said.get(key) for key in now}
    for each in (now, was):
        each["model"] = {key: value for key, value in (each["model"] or {}).items() if key not in trial.model}
    if differs := different(was, now):
        raise ArtifactError(f"the last sweep was of other settings: {differs}", AGAIN)


def _said(trier: Trier, model: Model, name: str) -> Any:
    if name.startswith(GROUP):
        group = trier.space.groups[name.removeprefix(GROUP)]
        return not set(group) & set(model.exclude)
    return getattr(model, name)


def _record(trial: Trial) -> dict[str, Any]:
    return {"trial": trial.number, "value": trial.value, "validation": trial.validation, "rounds": trial.rounds}


def _differing(base: Model, model: Model) -> dict[str, Any]:
    old, new = (msgspec.json.decode(msgspec.json.encode(each)) for each in (base, model))
    return {key: {"from": old[key], "to": new[key]} for key in new if old[key] != new[key]}
