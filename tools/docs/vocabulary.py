"""docs/reference/vocabulary.md: every word that a use case is written in, from its signature and docstring."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from interlock import terms, usecase
from interlock.evaluation import stress
from interlock.features import declare
from interlock.features.operations import BINARY, FUNCTIONS
from interlock.notebook import Project
from tools.docs.blocks import Block

Word = tuple[str, Callable[..., Any]]
TABLES = ("request", "outcome", "source", "reference", "history", "fixed")
RULES = ("row", "nulls", "outside", "unique", "constant", "refers", "rows", "every", "stable", "severity")
VIEWS = ("lookup", "latest", "count", "sum", "mean", "std", "share", "min", "max")
BEHAVIOUR = ("unchanged", "not_lower", "not_higher", "at_least", "at_most", "robust")
PROJECT = ("requests", "features", "score", "predictions", "log", "trace")
WIDE = 100


def blocks() -> Mapping[str, Block]:
    return {
        "tables": _words((name, getattr(usecase, name)) for name in TABLES),
        "rules": _words((name, getattr(terms, name)) for name in RULES),
        "features": _words(
            [
                ("view", declare.view),
                *((f"view(…).{name}", getattr(declare.View, name)) for name in VIEWS),
                ("on_demand", declare.on_demand),
            ]
        ),
        "expressions": _expressions,
        "stress": _words((name, getattr(stress, name)) for name in BEHAVIOUR),
        "notebook": _words((f"project.{name}", getattr(Project, name)) for name in PROJECT),
    }


def _words(words: Iterable[Word]) -> Block:
    told = "\n\n".join(f"### `{name}`\n\n```python\n{called(name, word)}\n```\n\n{said(word)}" for name, word in words)
    return lambda _: told


def called(name: str, word: Callable[..., Any]) -> str:
    """How a word is written: its arguments, with what they are where they are left out."""
    stated = [argument for argument in inspect.signature(word).parameters.values() if argument.name != "self"]
    parts: list[str] = []
    for argument in stated:
        if argument.kind is argument.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        value = "" if argument.default is argument.empty else f"={_default(argument.default)}"
        parts.append(f"{'**' * (argument.kind is argument.VAR_KEYWORD)}{argument.name}{value}")
    line = f"{name}({', '.join(parts)})"
    return line if len(line) <= WIDE else f"{name}(\n    {', '.join(parts)},\n)"


def said(word: Callable[..., Any]) -> str:
    """The docstring, a line of Markdown a paragraph."""
    paragraphs = inspect.cleandoc(word.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _default(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _expressions(_: str) -> str:
    signs = [f"`{operation.sign}`" for operation in BINARY.values() if not operation.sign.isidentifier()]
    methods = [f"`.{name}`" for name, function in FUNCTIONS.items() if function.method]
    methods += [f"`.{operation.sign}`" for operation in BINARY.values() if operation.sign.isidentifier()]
    apart = [f"`pl.{name}`" for name, function in FUNCTIONS.items() if not function.method]
    lines = {"Between two": signs, "Of a column": sorted(methods), "Of several": sorted(apart)}
    return "\n".join(f"- {head}: {', '.join(found)}" for head, found in lines.items())
