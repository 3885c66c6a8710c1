"""What changes for single rows: decisions that flip and scores that move, in all, by slice, and the rows that moved furthest."""

from typing import Any

import numpy as np
import polars as pl

from interlock.evaluation.predictions import sliced
from interlock.lineage.flips import NOW, THEN, figures
from interlock.modeling.groups import Slices, crossed, grouped
from interlock.reporting.paired import SLICED, Pair

EXAMPLES, BINS = 5, 40
NAMES = {"then": "then", "now": "now", THEN: "score_then", NOW: "score_now"}


def turned(of: Pair) -> dict[str, Any]:
    """Flips and moves of all rows, `slices` by the share that flips, and `examples`: the keys and scores of a few that flip."""
    rows = _rows(of)
    return {**figures(rows), "histogram": _histogram(rows), "slices": _slices(of, rows), "examples": _examples(of, rows)}


def _rows(of: Pair) -> pl.DataFrame:
    """A row a prediction: what both decided, and the score of both, which of several classes is that of the likeliest."""
    before, after = of.decided
    told = (_told(of.before.scores), _told(of.after.scores))
    return pl.DataFrame({"then": before, "now": after, THEN: told[0], NOW: told[1]})


def _told(scores: Any) -> Any:
    return scores if scores.ndim == 1 else scores.max(axis=1)


def _slices(of: Pair, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Single columns alone: the share of a slice's rows that flips."""
    said = of.head.load("usecase.slices", Slices)
    folder = of.head.folder(SLICED) if said.columns else None
    if folder is None:
        return []
    turned = (rows["then"] != rows["now"]).fill_null(value=False)
    found = []
    for column in crossed(sliced(of.after.key, folder, said.columns), said.columns, ()):
        for name, members in grouped(column, said.minimum):
            mine = column.is_in(members)
            flips, count = int((turned & mine).sum()), int(mine.sum())
            found.append({"slice": f"{column.name} = {name}", "rows": count, "flips": flips, "share": flips / count})
    return sorted((one for one in found if one["flips"]), key=lambda one: (-one["share"], one["slice"]))


def _examples(of: Pair, rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Of the rows that flip those whose scores moved furthest; where nothing is decided, of all."""
    flipped = rows.with_row_index("\0row").filter(pl.col("then").ne_missing(pl.col("now")) | pl.col("then").is_null())
    far = flipped.with_columns((pl.col(NOW) - pl.col(THEN)).abs().alias("\0far")).filter(pl.col("\0far") > 0)
    first = far.sort("\0far", "\0row", descending=[True, False]).head(EXAMPLES)
    keys = of.after.key[first["\0row"].to_list()]
    told = first.select(pl.col(name).alias(new) for name, new in NAMES.items())
    return [
        {"key": {name: str(value).replace("+00:00", "Z") for name, value in key.items()}, **row}
        for key, row in zip(keys.iter_rows(named=True), told.iter_rows(named=True), strict=True)
    ]


def _histogram(rows: pl.DataFrame) -> list[dict[str, float]]:
    """How many scores moved how far, in bins of one width."""
    moves = (rows[NOW] - rows[THEN]).to_numpy()
    if not moves.any():
        return []
    counts, edges = np.histogram(moves, bins=BINS)
    return [{"from": float(edges[at]), "to": float(edges[at + 1]), "rows": int(count)} for at, count in enumerate(counts)]
