"""The sections of the page that bind: the verdict gate by gate, the rows that were used, and the files that it all came from."""

from collections.abc import Iterator, Mapping
from typing import Any

from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_glyphs import bullet
from interlock.cli.evaluate_html import Html, element, folded, joined, table
from interlock.cli.evaluate_words import ASKED, LOOKS, amount, bound
from interlock.evaluation.paths import number
from interlock.evaluation.verdicts import PASS, SIGNS
from interlock.evaluation.words import setting, settings
from interlock.files import by_name

SHORT, FEWEST = 12, 6
SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def gates(found: Found) -> Iterator[Html]:
    """What each gate asked, found and judged, with the reason."""
    yield table(
        ["", "gate", "found", "judged by", "asked", "margin", ""],
        (_gate(gate) for gate in found.get("gates")["gates"]),
        texts=2,
    )
    yield element("p", "A metric with an interval is judged by its worse end; the shaded side of a picture passes.", "dim")


def data(found: Found) -> Iterator[Html]:
    """Rows by split, what the split is, and the tables."""
    usecase, rows = found.said.get("usecase") or {}, found.get("metrics").get("rows") or {}
    asked = rows.get("requests") or 0
    yield table(
        ["rows", "number", "share"],
        ([SPLITS.get(name, name.replace("_", " ")), count, _part(count, asked)] for name, count in rows.items()),
    )
    world = (usecase.get("world") or {}).get("name")
    yield element("p", f"Split {settings(usecase.get('split') or {})}. World: {world}.", "dim")
    catalog = usecase.get("catalog") or {}
    described = (
        [name, each.get("description"), each.get("licence"), each.get("owner") or catalog.get("owner")]
        for name, each in (catalog.get("tables") or {}).items()
    )
    yield table(["table", "what it is", "licence", "owner"], described, texts=4)


def provenance(found: Found) -> Iterator[Html]:
    """The hash of each file that the verdict is bound to, and the model in figures."""
    rows = []
    for part, held in by_name(found.get("gates").get("binds") or []).items():
        hashes = held["sha256"] if isinstance(held["sha256"], Mapping) else {part: held["sha256"]}
        rows += [[part, name, element("code", digest)] for name, digest in hashes.items()]
    if found.model:
        inputs, rounds = len(found.model.get("features") or []), found.model.get("rounds")
        yield element("p", f"The model has {amount(rounds)} rounds of trees over {amount(inputs)} features.")
    yield element("p", "The verdict speaks of these files and of no others.", "dim")
    yield folded(f"{len(rows)} hashes", [table(["part", "file", "SHA-256"], rows, texts=3)])
    configured = ([key, setting(value)] for key, value in (found.said.get("model") or {}).items())
    yield folded("How the model is trained", [table(["parameter", "value"], configured)])


def _gate(gate: Mapping[str, Any]) -> list[Any]:
    value, judged, least = (number(gate.get(name)) for name in ("value", "judged", "bound"))
    sign = element("span", SIGNS.get(gate["verdict"], "?"), LOOKS.get(gate["verdict"], "dim"))
    what = f"{gate['metric']}" if gate["report"] == "metrics" else f"{gate['report']}: {gate['metric']}"
    name = joined(
        [
            element("b", gate["name"]),
            element("div", what, "dim"),
            element("div", gate["words"], "narrow"),
            element("div", gate["why"], "why"),
        ]
    )
    asked = f"{ASKED.get(gate['kind'], gate['kind'])} {bound(least)}" + (f" against the {gate['against']}" if gate["against"] else "")
    wanted = element("div", asked, "asked")
    if value is None or judged is None or least is None:
        return [sign, name, element("div", gate["verdict"], "unjudged"), "", wanted, "", ""]
    drawn = bullet(
        value, judged, -least if gate["kind"] == "max_drop" else least, upper=gate["kind"] == "max", passed=gate["verdict"] == PASS
    )
    return [sign, name, amount(value), "" if judged == value else amount(judged), wanted, amount(gate["margin"]), drawn]


def _part(count: Any, of: int) -> str:
    known = number(count)
    return "" if known is None or not of else f"{100 * known / of:.1f} %"
