"""What a node of an expression means, in plain Python over one row: None is null, times are datetimes, whole numbers have no width.

It knows the operations that tests and use cases need; a node that it does not know is an error of the test.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]
SPANS = {"us": "microseconds", "ms": "milliseconds"}


def value(node: list[Any], row: Row) -> Any:
    """The value of `node` in `row`."""
    match node:
        case ["col", name]:
            return row[name]
        case ["lit", kind, item]:
            return literal(kind, item)
        case ["when", condition, then, otherwise]:
            return value(then if value(condition, row) is True else otherwise, row)
        case ["cast", inner, dtype, _]:
            return cast(value(inner, row), dtype)
        case ["op", name, left, right]:
            return BINARY[name](value(left, row), value(right, row))
        case ["fn", name, inputs, options]:
            return FUNCTIONS[name](*(value(item, row) for item in inputs), **options)
    raise AssertionError(node)


def literal(kind: str, item: Any) -> Any:
    if item is None or kind.startswith("list["):
        return item
    if kind.startswith(("Datetime[us", "Duration[us")):
        span = timedelta(microseconds=item)
        return span if kind.startswith("Duration") else (EPOCH if "," in kind else EPOCH.replace(tzinfo=None)) + span
    assert kind in {"int", "float", "String", "Boolean"} or kind.startswith(("Int", "UInt", "Float64")), kind
    return item


def cast(item: Any, dtype: str) -> Any:
    if item is None:
        return None
    if dtype == "Float64":
        return float(item)
    if dtype == "String":
        return str(item)
    assert dtype.startswith(("Int", "UInt")), dtype
    return int(item)


def strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, null where an input is."""
    return lambda *inputs, **options: None if None in inputs else function(*inputs, **options)


def absolute(item: Any) -> Any:
    """A time as UTC: Python's own arithmetic on local times follows the clock on the wall."""
    return item.astimezone(UTC) if isinstance(item, datetime) and item.tzinfo is not None else item


def plain(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return strict(lambda a, b: function(absolute(a), absolute(b)))


def divide(a: float, b: float) -> float:
    a, b = float(a), float(b)
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def both(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def either(a: bool | None, b: bool | None) -> bool | None:
    return True if a is True or b is True else None if a is None or b is None else False


def there(moment: datetime, *, zone: str) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))


def local(clock: datetime, ambiguous: str, *, zone: str | None, non_existent: str) -> datetime | None:
    """The moment at which the clocks of `zone` show `clock`."""
    if zone is None or clock.tzinfo is not None:
        return clock.replace(tzinfo=None if zone is None else ZoneInfo(zone), fold=0)
    tried = (clock.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    found = sorted({moment for moment in tried if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == clock})
    assert found or non_existent == "null"
    assert len(found) < 2 or ambiguous in {"earliest", "latest"}
    return found[0 if ambiguous == "earliest" else -1].astimezone(ZoneInfo(zone)) if found else None


def truncate(moment: datetime, every: str) -> datetime:
    assert moment.tzinfo in {None, UTC}
    return moment.replace(minute=0, second=0, microsecond=0, hour=0 if {"1d": True, "1h": False}[every] else moment.hour)


def duration(*parts: int, unit: str) -> timedelta:
    assert unit == "us"
    assert parts[-1] == 0
    weeks, days, hours, minutes, seconds, milliseconds, microseconds, _ = parts
    return timedelta(days, seconds, microseconds, milliseconds, minutes, hours, weeks)


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "plus": plain(operator.add),
    "minus": plain(operator.sub),
    "times": strict(operator.mul),
    "divide": strict(divide),
    "floor_divide": strict(lambda a, b: a // b if b else None),
    "modulo": strict(lambda a, b: a % b if b else None),
    "and": both,
    "or": either,
    **{name: plain(getattr(operator, name)) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "is_null": lambda a: a is None,
    "is_not_null": lambda a: a is not None,
    "not_": strict(operator.not_),
    "neg": strict(operator.neg),
    "abs": strict(abs),
    "fill_null": lambda a, b: b if a is None else a,
    "coalesce": lambda *items: next((item for item in items if item is not None), None),
    "is_in": lambda a, among, nulls_equal: None if a is None and not nulls_equal else a in among,
    "concat_str": strict(lambda *items, delimiter, **_: delimiter.join(map(str, items))),
    "duration": strict(duration),
    "dt.convert_time_zone": strict(there),
    "dt.replace_time_zone": strict(local),
    "dt.truncate": strict(truncate),
    "dt.epoch": strict(lambda a, unit: (absolute(a) - EPOCH) // timedelta(**{SPANS[unit]: 1})),
    "dt.year": strict(lambda a: a.year),
    "dt.month": strict(lambda a: a.month),
    "dt.hour": strict(lambda a: a.hour),
    "dt.minute": strict(lambda a: a.minute),
    "dt.weekday": strict(datetime.isoweekday),
    "dt.total_minutes": strict(lambda a, **_: int(a / timedelta(minutes=1))),
    "dt.total_days": strict(lambda a, **_: int(a / timedelta(days=1))),
}
