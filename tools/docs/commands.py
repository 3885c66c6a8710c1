"""docs/reference/commands.md: the help of every command, as it prints it, and how commands end."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from click.testing import CliRunner

from interlock import errors
from interlock.cli.main import interlock
from tools.docs.blocks import Block, fenced, table

WIDTH = 100
TARGET = re.compile(r"^([a-z]+):.*?## (.*)$", re.MULTILINE)


def blocks() -> Mapping[str, Block]:
    helps = {" ".join(["interlock", *words]): _printed(words) for words in ((), *verbs())}
    return {"make": _targets, **helps, "exit codes": _exits}


def verbs(group: click.Group = interlock, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by the words that call it, subcommands after the group that holds them."""
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (*above, name)
        if isinstance(inner := group.get_command(context, name), click.Group):
            yield from verbs(inner, (*above, name))


def printed(words: tuple[str, ...]) -> str:
    """What the command prints when it is asked for help."""
    _forget(words)
    done = CliRunner().invoke(interlock, [*words, "--help"], prog_name="interlock", terminal_width=WIDTH, catch_exceptions=False)
    return done.output


def _forget(words: tuple[str, ...]) -> None:
    """Let a command ask anew what its help option is called: click keeps the names of the first context it was in."""
    found: click.Command = interlock
    for word in words:
        inner = found.get_command(click.Context(found), word) if isinstance(found, click.Group) else None
        assert inner is not None
        inner._help_option = None
        found = inner


def _printed(words: tuple[str, ...]) -> Block:
    return lambda _: fenced(printed(words))


def _targets(_: str) -> str:
    found = TARGET.findall(Path("Makefile").read_text(encoding="utf-8"))
    return table(["command", "does"], ((f"`make {name}`", words) for name, words in found))


def _exits(_: str) -> str:
    doc = errors.__doc__ or ""
    tree = doc[doc.index("InterlockError") : doc.index("\n\nAny error")]
    return fenced(
        f"{tree}\nusage error             2  a verb or an option that does not exist\nunexpected error       {errors.UNEXPECTED}\ninterrupted           {errors.INTERRUPTED}"
    )
