"""Declarations as data: they survive the way through JSON, and their fingerprints change with what decides a value, and with nothing else."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ArtifactError
from interlock.features import collect, featureset
from interlock.features.declare import Declared, on_demand, view
from interlock.features.featureset import FeatureSet, History
from interlock.features.operations import BINARY, FUNCTIONS
from interlock.usecase import col, fixed, history
from tests.features.worlds import Events, Log, Pairs, Places, feature_set, worlds

Path_ = tuple[str | int, ...]
SILENT = {"description", "unit", "expect", "severity", "deprecated"}


def declared(late: str = "30m", _hidden: str = "_last") -> FeatureSet:
    """A bit of everything that a declaration can say, each of it read by a public feature."""
    made = history(
        of=Events, by="a", id=pl.concat_str(["id", "kind"], separator="-"), time=col("at") + pl.duration(minutes=1),
        available=pl.when(col("flag")).then(col("seen")).otherwise(col("at")), lateness=late, where=col("kind").is_in(["p", "q"]) & (col("n") >= 3),
        lookups={"size": fixed(Places, "size", by="a"), "rank": fixed(Pairs, "rank", by={"a": "b", "b": "a"})},
        let={"twice": col("n") * 2, "more": col("twice") + col("size")}, columns=["b", "c", "n", "x", "flag", col("more").cast(pl.Float64).alias("much")],
    )  # fmt: skip
    seen, both = view(made, where=col("n") > 1), view(made, by={"a": "b", "b": "a"})
    return feature_set(
        {
            "size": view(Places).lookup("size", "Size", unit="m", expect=(0, 5)),
            "rank": view(Pairs, by={"a": "b", "b": "a"}).lookup("rank", "Rank", severity="fail"),
            _hidden: seen.latest(col("x").clip(0, 1), max_age="2h", ago="1h"),
            "count": seen.count("1h", "Count", ago="30m"), "sum": both.sum("x", "2h", "Sum", places=2, deprecated="no more"),
            "mean": both.mean(col("much") / 2, "3h", "Mean", places=1, max_abs=5000), "std": seen.std("n", "1d", "Std"),
            "share": seen.share(col("x") < 0.5, "1d", "Share"), "min": both.min("much", "1d", "Min"), "max": both.max(col("n") - 1, "1d", "Max"),
            "logged": view(Log).latest("n", "Of a table"),
            "sum_of_all": on_demand(col(_hidden) + col("size") * 1.5 + col("c").fill_null(7), "All"),
            "late": on_demand((col("as_of").dt.convert_time_zone("Europe/Paris").dt.hour() > 12) | col("a").str.starts_with("é"), "Late"),
        },
        Made=made,
    )  # fmt: skip


WHOLE = declared()
DATA: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(WHOLE))


@given(worlds())
def test_declarations_survive_being_exported(tmp_path_factory: pytest.TempPathFactory, world: Any) -> None:
    """What is read is what was written, its fingerprints too."""
    path = tmp_path_factory.mktemp("export") / "featureset.json"
    featureset.export(world.declared, path)
    again = featureset.read(path)
    assert again == world.declared
    assert again.fingerprints == world.declared.fingerprints
    assert again.fingerprint == world.declared.fingerprint


def test_an_export_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """Written, read and written again."""
    featureset.export(WHOLE, tmp_path / "one.json")
    featureset.export(featureset.read(tmp_path / "one.json"), tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


# What is read must be whole.
def read(data: Any, folder: Path) -> FeatureSet:
    (folder / "hostile.json").write_text(data if isinstance(data, str) else json.dumps(data))
    return featureset.read(folder / "hostile.json")


HOSTILE = {
    "nothing": "", "no JSON": "{", "null": "null", "a list": "[]", "nested": "[" * 100_000, "nested objects": '{"request":' * 5000, "text": '"x"', "two values": "{}{}",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    """With the file's name, and how to get it back."""
    with pytest.raises(ArtifactError, match=r"hostile\.json holds no feature declarations.*\n.*dvc checkout"):
        read(text, tmp_path)


def test_bytes_and_absence_are_refused(tmp_path: Path) -> None:
    """Bytes that are no text, and a file that is not there."""
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArtifactError, match="holds no feature declarations"):
        featureset.read(tmp_path / "bytes.json")
    with pytest.raises(ArtifactError, match="does not exist"):
        featureset.read(tmp_path / "absent.json")


def test_a_truncated_export_is_refused(tmp_path: Path) -> None:
    """Wherever it was cut."""
    text = json.dumps(DATA)
    for end in range(0, len(text) - 1, len(text) // 40):
        with pytest.raises(ArtifactError):
            read(text[:end], tmp_path)


DAMAGE: dict[str, tuple[Path_, Any]] = {
    "an unknown kind": (("features", 0, "kind"), "learned"), "an unknown field": (("features", 0, "code"), "import os"), "an unknown type": (("features", 0, "dtype"), "Object"),
    "a missing history": (("features", 3, "history"), "Nope"), "a missing reference": (("features", 0, "reference"), "nope"), "a missing column": (("features", 0, "column"), "nope"),
    "a request that lacks a key": (("features", 0, "keys"), [["a", "nope"]]), "a key of one": (("features", 0, "keys"), [["a"]]), "two of one name": (("features", 0, "name"), "rank"),
    "an unknown operation": (("features", 11, "expression"), ["fn", "exec", [["lit", "String", "1"]], {}]), "a pattern as column": (("features", 11, "expression"), ["col", "^.*$"]),
    "a circle": (("features", 11, "expression"), ["col", "sum_of_all"]), "no expression": (("features", 11, "expression"), 5), "a list as expression": (("features", 11, "expression"), [[]]),
    "an unknown statistic": (("features", 3, "statistic"), "median"), "a width that is text": (("features", 3, "width"), "1h"), "where as code": (("features", 3, "where"), ["eval", "x"]),
    "a type of a reference": (("references", "places", "types", "size"), "Code"), "a type of a request": (("request", "types", "a"), "List"),
    "an id of a history": (("histories", "Made", "id"), ["lit", "int", "x"]), "a step of a history": (("histories", "Made", "let", "more"), ["op", "power", ["col", "n"], ["col", "n"]]),
    "a column of a history": (("histories", "Made", "columns", "n"), []), "a lookup in no reference": (("histories", "Made", "lookups", "size", "reference"), "nope"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_export_is_refused(tmp_path: Path, damage: str) -> None:
    """An operation, type, table, key or field that is not known, features that read each other: before anything is computed."""
    path, value = DAMAGE[damage]
    with pytest.raises(ArtifactError, match=r"hostile\.json|circle"):
        read(put(DATA, path, value), tmp_path)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**70), st.floats(allow_nan=False), st.sampled_from(["", "a", "col", "Int64", "nope", "*"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "kind", "name"]), inner, max_size=2)), max_leaves=5,
)  # fmt: skip


@given(st.data())
def test_an_export_with_anything_in_any_place_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """No other error leaves the reader."""
    path = data.draw(st.sampled_from(PATHS))
    try:
        assert isinstance(read(put(DATA, path, data.draw(anything)), tmp_path_factory.mktemp("any")), FeatureSet)
    except ArtifactError as error:
        assert error.remedy  # noqa: PT017 - either outcome is right, none other is


# What a fingerprint depends on.
def put(data: Any, path: Path_, value: Any) -> Any:
    """`data` with `value` at `path`; nothing of `data` changes."""
    if not path:
        return value
    changed = copy.copy(data)
    changed[path[0]] = put(data[path[0]], path[1:], value) if path[1:] else value
    return changed


def leaves(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every value that is no list and no mapping, with its path."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if parts is None:
        yield path, data
    else:
        for key, part in parts:
            yield from leaves(part, (*path, key))


def lists(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, list[Any]]]:
    """Every list, with its path."""
    if isinstance(data, list):
        yield path, data
    for key, part in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from lists(part, (*path, key))


def mappings(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Every mapping below the first, with its path."""
    if isinstance(data, dict) and path:
        yield path, data
    for key, part in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from mappings(part, (*path, key))


RINGS = [
    list(BINARY), list(FUNCTIONS), ["Int64", "Int32", "Float64", "String", "Boolean", "Datetime[us,UTC]", "Int8"], ["sum", "mean", "std", "share", "count", "min", "max"],
    ["a", "b", "c", "n", "x", "at", "seen", "kind", "id", "flag"], ["size", "rank"], ["twice", "more", "much"], ["Made", "Log"], ["events", "log"], ["places", "pairs"],
]  # fmt: skip


def others(value: Any) -> list[Any]:
    """Values like `value`, but not it: of a word of some vocabulary, the two that follow there."""
    if isinstance(value, str):
        followers = [(ring * 2)[ring.index(value) + 1 :][:2] for ring in RINGS if value in ring]
        return [f"{value}x", *(word for words in followers for word in words if word != value)]
    if value is None:
        return [5, "x"]
    return [not value] if isinstance(value, bool) else [value + 1, -value - 1]


def mutants(about: bool) -> Iterator[tuple[Path_, Any]]:
    """What people need to know of a feature, changed in one value, or everything but that."""
    yield from ((path, put(DATA, path, value)) for path, value in changes() if about == ("about" in path))


def changes() -> Iterator[tuple[Path_, Any]]:
    """Every declaration that differs in one value, lacks one, or has one item more or less or in another order."""
    for path, value in leaves(DATA):
        for other in others(value):
            yield path, other
    for path, items in lists(DATA):
        if path != ("features",):
            yield from ((path, made) for made in (items[:-1], [*items, *items[-1:]], items[::-1]) if made != items)

    for path, keys in mappings(DATA):
        for key in keys:
            yield path, {name: value for name, value in keys.items() if name != key}


PATHS = [path for path, _ in leaves(DATA)] + [path for path, _ in lists(DATA) if path]


def affected(path: Path_) -> set[str]:
    """The features of which at least one must get another fingerprint where the value at `path` changes."""
    names = {feature.name: feature for feature in WHOLE.features}
    match path:
        case ("features", int(number), *_):
            return {WHOLE.features[number].name}
        case ("histories", str(name), *_):
            return {feature.name for feature in names.values() if getattr(feature, "history", None) == name}
        case ("references", str(name), *_):
            reading = {
                history for history, made in WHOLE.histories.items() if any(look.reference == name for look in made.lookups.values())
            }
            return {f.name for f in names.values() if getattr(f, "reference", None) == name or getattr(f, "history", None) in reading}
    return set(names)


def test_every_mutation_of_what_decides_a_value_changes_a_fingerprint(tmp_path: Path) -> None:
    """Every operator, literal, type, column, key, width, filter, `ago`, lookup, step, lateness and source, one by one: the mutant is
    refused, or it gives another fingerprint to a feature that it affects and to the set.
    """
    tried, survived = 0, []
    for path, mutant in mutants(about=False):
        if path[0] == "contracts" or path[:2] == ("request", "nullable") or path[-1] == "name":
            continue
        try:
            found = read(mutant, tmp_path)
        except ArtifactError:
            continue
        tried += 1
        names = affected(path) & found.by_name.keys()
        changed = {name for name in names if found.fingerprints[name] != WHOLE.fingerprints[name]}
        if found.fingerprint == WHOLE.fingerprint or not (changed or path[0] == "request"):
            survived.append(path)
    assert tried > 500
    assert not survived


def test_nothing_that_decides_no_value_changes_a_fingerprint(tmp_path: Path) -> None:
    """Descriptions, units, expectations and their severity, what a deprecated feature says: about a feature, not of it."""
    tried = set()
    for path, mutant in mutants(about=True):
        try:
            found = read(mutant, tmp_path)
        except ArtifactError:
            continue
        assert found.fingerprints == WHOLE.fingerprints
        assert found.fingerprint == WHOLE.fingerprint
        tried |= set(path[3:4])
    severity = read(put(DATA, ("features", 0, "about", "severity"), "fail"), tmp_path)
    assert severity.fingerprint == WHOLE.fingerprint
    assert tried | {"severity"} == SILENT


def test_names_that_people_give_change_no_fingerprint_of_a_value() -> None:
    """A private feature and a history may be called anything; the name of a public feature is the model's, and part of the set alone."""
    renamed = declared(_hidden="_other")
    assert renamed.fingerprint == WHOLE.fingerprint
    assert renamed.fingerprints["_other"] == WHOLE.fingerprints["_last"]
    assert json_with("Made", "Called") == WHOLE.fingerprint
    number = next(number for number, feature in enumerate(WHOLE.features) if feature.name == "late")
    public = msgspec.convert(put(DATA, ("features", number, "name"), "later"), FeatureSet)
    assert public.fingerprints["later"] == WHOLE.fingerprints["late"]
    assert public.fingerprint != WHOLE.fingerprint


def json_with(old: str, new: str) -> str:
    return msgspec.json.decode(json.dumps(DATA).replace(f'"{old}"', f'"{new}"'), type=FeatureSet).fingerprint


def test_a_private_feature_counts_where_it_is_read() -> None:
    """It changes the fingerprint of whoever reads it, and so of the set; one that nothing reads changes neither."""
    number = next(number for number, feature in enumerate(WHOLE.features) if feature.name == "_last")
    changed = msgspec.convert(put(DATA, ("features", number, "ago"), 1), FeatureSet)
    differing = {name for name in WHOLE.fingerprints if changed.fingerprints[name] != WHOLE.fingerprints[name]}
    assert differing == {"_last", "sum_of_all"}
    more = msgspec.convert({**DATA, "features": [*DATA["features"], {**DATA["features"][0], "name": "_unread"}]}, FeatureSet)
    assert more.fingerprint == WHOLE.fingerprint


def test_the_order_of_public_features_is_the_order_of_the_matrix() -> None:
    """Another order is another set, with the same features."""
    turned = msgspec.convert({**DATA, "features": DATA["features"][::-1]}, FeatureSet)
    assert turned.fingerprints == WHOLE.fingerprints
    assert turned.fingerprint != WHOLE.fingerprint


def test_other_words_for_the_same_declaration_have_the_same_fingerprint() -> None:
    """Line breaks, brackets, the order of keyword arguments, `60m` for `1h`, a name for a column, another alias."""
    seen = view(Log, where=(col("n") > 1))
    pairs: list[tuple[Declared, Declared]] = [
        (
            seen.count("1h", "x", ago="1d"),
            view(where=((col("n")) > 1), of=Log).count(ago="24h", window="60m", description="Other words", unit="h"),
        ),
        (seen.sum("n", "2h", "x", max_abs=1000), seen.sum(col("n").alias("z"), max_abs=1000, description="y", window="120m")),
        (on_demand(col("as_of") + pl.duration(hours=1, minutes=2), "x"), on_demand(col("as_of") + (pl.duration(minutes=2, hours=1)), "y")),
        (on_demand(col("a").is_in(["x", "y"]), "x"), on_demand(pl.col("a").is_in(("x", "y")), "y")),
        (view(Places, by="a").lookup("size", "x"), view(Places, by={"a": "a"}).lookup("size", "y")),
    ]
    for one, two in pairs:
        made = feature_set({"one": one, "two": two})
        assert made.fingerprints["one"] == made.fingerprints["two"]


def test_no_two_different_declarations_share_a_fingerprint() -> None:
    """All features of the set above and of the flights."""
    for made in (WHOLE, collect.load("flights")):
        assert len(set(made.fingerprints.values())) == len(
            {repr(msgspec.structs.replace(f, name="", about=featureset.About())) for f in made.features}
        )


CANARIES = {
    "size": "2d1c354e525f60b77c1855c0b7ddfb810c8b6db055cba9388faaefc0d13a9cfe",
    "count": "364f0fe2c4cbc83342284ab337220636a2a252b8ac093208b07036db6c0a59a4",
    "sum": "a0e38a14aead0ec460f16049e1fc7e4e241571186b5ee31da8e61aec5e4891fe",
    "sum_of_all": "ad92de32ac7d6bf32f40e932d6cabf4ff0c39fddbcae2961307d71f6e6fdf288",
    "late": "1901f77cdd57fa32a281391e49470587277d9e9c3bae6799cccee8d60f42badb",
    "max": "5f679cf1c702a069796e5d08ef492102d8d95a3703711dd94baa6217a4962f43",
}


@pytest.mark.parametrize("name", CANARIES)
def test_fingerprints_are_those_of_earlier_versions(name: str) -> None:
    """Of Polars as of this library: a model in production is told apart by its fingerprint, which no upgrade may change.

    Where a value does change with a version, change its operation's name, not this test.
    """
    assert WHOLE.fingerprints[name] == CANARIES[name]


def test_reading_needs_no_more_than_the_file(tmp_path: Path) -> None:
    """What a history reads, and which tables features need, is in the export."""
    featureset.export(WHOLE, tmp_path / "featureset.json")
    made = featureset.read(tmp_path / "featureset.json").histories["Made"]
    assert isinstance(made, History)
    assert set(made.reads) == {"id", "a", "b", "c", "at", "seen", "n", "x", "flag", "kind"}
    assert WHOLE.tables == ["events", "log", "pairs", "places"]
