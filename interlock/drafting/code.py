"""Pieces of Python and YAML as a formatter leaves them: whatever comes from the data stands in them as a literal."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

WIDTH = 140
LONGEST = 60


def text(value: str) -> str:
    """A text as a literal of Python, in double quotes unless it holds some."""
    if not value.isprintable():
        return json.dumps(value)
    return repr(value) if '"' in value and "'" not in value else json.dumps(value, ensure_ascii=False)


def template(value: str, name: str) -> str:
    """A text followed by the value of the variable `name`, as an f-string."""
    plain = shown(value).replace("{", "(").replace("}", ")").replace("\\", "/").replace('"', "'")
    return f'f"{plain} {{{name}}}"'


def literal(value: Any) -> str:
    """A number, truth or text as a literal of Python."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return f"{value:_}" if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000 else repr(value)


def number(value: float) -> str:
    """A number as YAML and Python both take it."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def comment(said: str) -> str:
    """A text that can stand after `#`: one printable line, its beginning only where it is long."""
    plain = "".join(sign if sign.isprintable() else " " for sign in said)
    return plain if len(plain) <= WIDTH - 10 else f"{plain[: WIDTH - 11]}…"


def shown(name: str) -> str:
    """A name as a description tells it: printable, its beginning only where it is long."""
    plain = "".join(sign if sign.isprintable() else " " for sign in name).strip()
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"


def words(name: str) -> str:
    """A name as people say it: total_spent is total spent."""
    return shown(name.replace("_", " "))


def items(values: Sequence[Any]) -> str:
    return ", ".join(map(literal, values))


def one_of(names: Sequence[str]) -> str:
    """A name, or a tuple of them."""
    return literal(names[0]) if len(names) == 1 else f"({items(names)})"


def assigned(name: str, values: Sequence[str], left: str = "[", right: str = "]") -> list[str]:
    """`name = [values]`, the values written already; on lines of their own, as many to each as fit, where they are too many for one."""
    line = f"{name} = {left}{', '.join(values)}{right}"
    return [line] if len(line) <= WIDTH else [f"{name} = {left}", *filled(values, "    "), f"{right}  # fmt: skip"]


def call(head: str, arguments: Sequence[str], tail: str = ")") -> list[str]:
    """`head(arguments)`: on one line where it fits, else as a formatter breaks it."""
    line = f"{head}({', '.join(arguments)}{tail}"
    if len(line) <= WIDTH:
        return [line]
    inner = f"    {', '.join(arguments)}"
    return [f"{head}(", inner, tail] if len(inner) <= WIDTH else [f"{head}(", *(f"    {each}," for each in arguments), tail]


def filled(values: Iterable[str], indent: str) -> list[str]:
    """The values with commas, as many to a line as fit."""
    lines, line = [], indent
    for value in values:
        if len(line) + len(value) + 2 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{value}, "
    return [*lines, line.rstrip()]


def moment(value: datetime) -> str:
    """A moment in UTC, on midnight, as an expression."""
    return f'pl.datetime({value.year}, {value.month}, {value.day}, time_zone="UTC")'


def yaml(value: Any) -> str:
    """A value as YAML on one line, whatever it holds: JSON is YAML, but for names that need no quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key(name)}: {yaml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(yaml, value)) + "]"
    if isinstance(value, str):
        return value if _bare(value) else quoted(value)
    return "null" if value is None else json.dumps(value)


def key(name: str) -> str:
    return name if _bare(name) else quoted(name)


def quoted(value: str) -> str:
    """A text in double quotes, as YAML 1.1 and 1.2 both read it."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def _bare(value: str) -> bool:
    words = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "none"}
    return value.isascii() and value.replace("_", "a").isalnum() and value[0].isalpha() and value.lower() not in words
