"""Where the online store and its log are: the options that all verbs of the store share, and what they say."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.errors import ArtifactError, ConfigError, printable

if TYPE_CHECKING:
    from interlock.features.featureset import FeatureSet
    from interlock.features.stores.store import Store

FEATURES = Path("data/features/featureset.json")
VARIABLE = "env:"
RELEASE = "interlock.release"


def shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that all verbs of the store have."""
    place = click.option(
        "--store", "place", default="lmdb:online/state", show_default=True,
        help="lmdb:FOLDER, or env:NAME for the address of a Redis server in a variable.",
    )  # fmt: skip
    log = click.option(
        "--log", type=click.Path(path_type=Path, file_okay=False), default=Path("online/log"), show_default=True, help="The event log."
    )
    release = click.option(
        "--release", metavar="VERSION|STAGE", expose_value=False, callback=_remember,
        help="The release whose features the store holds; without: those of the last run.",
    )  # fmt: skip
    return place(log(release(click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command))))


@contextmanager
def opened(place: str, *, new: bool = False) -> "Iterator[Store]":
    """The store at a place that the option names; one that may not be `new` is there."""
    from interlock.features.stores.store import connect

    address = _address(place)
    if not new and address.startswith("lmdb:") and not Path(address.removeprefix("lmdb:"), "data.mdb").exists():
        raise ArtifactError(f"there is no online store at {address}", "fill it: interlock store materialize")
    with closing(connect(address)) as store:
        yield store


def _address(place: str) -> str:
    if place.startswith("lmdb:"):
        return place
    if not place.startswith(VARIABLE):
        raise ConfigError("--store takes lmdb:FOLDER or env:NAME", "an address may hold a password: put it in a variable, and name that")
    name = place.removeprefix(VARIABLE)
    if not os.environ.get(name):
        raise ConfigError(f"the environment variable {name} is not set", f"export {name}=redis://HOST:PORT/0")
    return os.environ[name]


def features_of() -> "FeatureSet":
    """The feature set that the store is of: that of the option `--release`, or of the last run."""
    from interlock.features import featureset

    context = click.get_current_context(silent=True)
    named = context.meta.get(RELEASE) if context else None
    if named is None:
        return featureset.read(FEATURES)
    from interlock import bundle
    from interlock.params import load
    from interlock.releases import bundles

    return featureset.read(bundles.named(load("usecase.name", str), named).folder / bundle.FEATURESET)


def _remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
    """Keep what `--release` names for whoever asks for the features."""
    context.meta[RELEASE] = value


def moment_of(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no moment", "write it as 2013-10-15T04:00Z") from None
    if moment.tzinfo is None:
        raise ConfigError(f"{text!r} names no zone", f"write {text}Z for UTC")
    return moment


def text_of(time: int | None) -> str | None:
    from interlock.features.keys import moment

    return None if time is None else moment(time).isoformat()


def say(found: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    """Print what was found as JSON, or `lines`: each stays one, with nothing that a terminal would obey."""
    click.echo(json.dumps(found, indent=2) if as_json else "\n".join(printable(line).replace("\n", "\\n") for line in lines))
