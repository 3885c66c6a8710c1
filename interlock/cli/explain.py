"""`interlock explain`: why a prediction is what it is, feature by feature."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from interlock.modeling.task import Task

FEATURES = Path("data/features")
MODEL = Path("models/model")
PREDICTIONS = Path("data/predictions")
NAMED = 5


@click.command
@click.argument("key", nargs=-1, metavar="[COLUMN=VALUE]...")
@click.option("--split", type=click.Choice(["test", "validation"]), default="test", show_default=True, help="Whose predictions.")
@click.option("--of", "asked", metavar="CLASS", help="Of several classes the one to explain, not the likeliest.")
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="So many features; the others are added up.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(key: tuple[str, ...], split: str, asked: str | None, top: int, as_json: bool) -> None:
    """Say why the model scores a row as it does.

    From the expected raw score each feature's part (exact TreeSHAP) leads to the row's raw score, and the calibrator from there
    to its score. A row is named by as many columns of its key as tell it apart; without any, the rows that score highest, in
    the middle and lowest are explained.

    \b
    Example:
      interlock explain
      interlock explain flight_id=2013-12-29-B6-705-EWR
      interlock explain flight_id=2013-12-29-B6-705-EWR --top 5 --json
    """
    from interlock import frames
    from interlock.cli.explain_shown import Among, show
    from interlock.evaluation.predictions import beside
    from interlock.features import featureset
    from interlock.modeling.attributed import Attributed
    from interlock.modeling.score import Scorer

    features, scorer = featureset.read(FEATURES / "featureset.json"), Scorer.open(MODEL)
    task, names = scorer.model.task, features.request.key
    scored = frames.read(PREDICTIONS / f"{split}.parquet")
    place = _place(task, asked)
    rows = _named(scored, names, key, split) if key else _told_apart(scored, task, place)
    chosen = scored[rows]
    found = Attributed.of(scorer, beside(chosen.select(names), FEATURES / "features.parquet"))
    _fresh(found.scored, chosen)
    places = [int(each) if place is None else place for each in found.likeliest()]
    show(found, chosen.select(*names, "label"), places, Among(split, scored, features, top), as_json=as_json)


def _place(task: "Task", asked: str | None) -> int | None:
    """The place of the class that is asked for, None for the likeliest."""
    classes: tuple[str, ...] = getattr(task, "classes", ())
    if asked is not None and asked not in classes:
        raise click.BadParameter(f"{asked!r}; classes are: {', '.join(classes) or 'none, a row has one score'}", param_hint="--of")
    return classes.index(asked) if asked is not None else None if classes else 0


def _named(scored: "pl.DataFrame", names: "Sequence[str]", key: "Sequence[str]", split: str) -> list[int]:
    """The row of which every `column=value` holds."""
    import polars as pl

    from interlock.contracts.evidence import text

    pairs = [pair.partition("=") for pair in key]
    if wrong := [column for column, sign, _ in pairs if not sign or column not in names]:
        raise click.UsageError(f"{wrong[0]!r} is no column of the key with its value: write {' '.join(f'{name}=…' for name in names)}")
    held = pl.all_horizontal(_is(scored.schema[column], column, value) for column, _, value in pairs)
    found = scored.select(held.fill_null(value=False)).to_series().arg_true().to_list()
    if not found:
        raise click.UsageError(f"no {split} row has {' '.join(key)}; see the rows with: interlock explain")
    if len(found) > 1:
        some = "; ".join(" ".join(f"{name}={text(row[name])}" for name in names) for row in scored[found[:NAMED]].iter_rows(named=True))
        raise click.UsageError(f"{len(found):,} {split} rows have {' '.join(key)}: name one of them, such as {some}")
    return found


def _is(dtype: "pl.DataType", column: str, value: str) -> "pl.Expr":
    """Whether a column holds what a word of the command line says: a time in ISO 8601, UTC where it says none."""
    import polars as pl

    if not isinstance(dtype, pl.Datetime):
        return pl.col(column).cast(pl.String) == value
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.UsageError(f"{column}={value} is no time; write it as 2013-12-30T00:06:00Z") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return pl.col(column) == pl.lit(moment if dtype.time_zone else moment.replace(tzinfo=None)).cast(dtype)


def _told_apart(scored: "pl.DataFrame", task: "Task", place: int | None) -> list[int]:
    """The rows that score highest, in the middle and lowest: of the class at `place`, or of each row's likeliest one."""
    import polars as pl

    score = pl.max_horizontal(task.final) if place is None else pl.col(task.final[place])
    raw = pl.lit(0.0) if place is None else pl.col(task.raw[place])
    order = scored.select(pl.arg_sort_by(score, raw, maintain_order=True)).to_series().to_list()
    return list(dict.fromkeys([order[-1], order[len(order) // 2], order[0]]))


def _fresh(again: "pl.DataFrame", before: "pl.DataFrame") -> None:
    """Raise ArtifactError where the model does not give the scores that were predicted."""
    from interlock.errors import ArtifactError

    if not again.equals(before.select(again.columns)):
        raise ArtifactError(f"{PREDICTIONS} holds scores of another model than {MODEL}", "run: dvc repro score")
