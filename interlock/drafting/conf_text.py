"""`conf/usecase/<name>.yaml` and `conf/gates/<name>.yaml`."""

from collections.abc import Iterator, Mapping
from typing import Any

from interlock.drafting import code
from interlock.drafting.plan import Plan

LEFT, SLICES, ENTITIES = 12, 3, 30
TRAINED, ENOUGH, LEAF = 0.6, 2_000, 5


def usecase(plan: Plan, tables: Mapping[str, Mapping[str, Any]], of: Mapping[str, str]) -> str:
    """The use case's part of conf: `tables` as conf names them, `of` the feature that says each column."""
    sliced = [*(of[name] for name in plan.slices if name in of), *_entity(plan)][:SLICES]
    lines = [
        f"# What is predicted for each row of {plan.given.name}, and from which tables.",
        f"name: {plan.name}",
        "",
        f"task: {_task(plan)}",
        "",
        "tables:",
    ]
    lines += [line for name, spec in tables.items() for line in _table(name, spec)]
    lines += [
        "",
        "# What of the tables is read: everything. The small world, for trying: dvc exp run -S experiment=small.",
        "world: {name: full, keep: {}}",
    ]
    lines += [f"small: {_small(plan)}", ""]
    lines += ["# unsure: are these the periods to learn from, to choose by, and to be judged on?"] if "by: time" in plan.split else []
    lines += [f"split: {plan.split}", "", f"slices: {{columns: {code.yaml(sliced)}, minimum: {plan.minimum}}}", *_fairness(plan, of)]
    lines += ["", *_left(plan), *_catalog(plan, tables)]
    return "\n".join(lines) + "\n"


def gates(plan: Plan) -> str:
    """The gates of the task's kind, and where to say more."""
    return (
        "# What a candidate must reach before it may be released. Bounds hold for the worse end of a metric's 95 % interval.\n"
        "# The defaults ask little: raise them to what a decision needs.\n"
        f"defaults:\n  - {plan.label.kind}\n  - _self_\n"
    )


def model(plan: Plan) -> str:
    """A model whose leaves suit the rows that there are to train on; empty where the default's do."""
    trained = round(plan.label.values.count() * TRAINED)
    if trained >= ENOUGH:
        return ""
    return (
        f"# The default model with smaller trees: some {trained} rows are there to train on.\n"
        f"defaults:\n  - default\n  - _self_\n\nnum_leaves: 15\nmin_data_in_leaf: {max(LEAF, trained // 40)}\n"
    )


def _entity(plan: Plan) -> list[str]:
    """The entity whose rows follow each other, where there are few: no shop, no machine may be told much worse than others."""
    return [name for name in plan.past.by if plan.columns[name].distinct <= ENTITIES][:1] if plan.past else []


def _task(plan: Plan) -> str:
    label = plan.label
    if label.kind == "binary":
        said = code.shown(label.column.name if label.positive in (True, 1) else f"{label.column.name} {label.positive}")
        return f"{{kind: binary, positive: {code.yaml(said)}}}"
    if label.kind == "multiclass":
        return f"{{kind: multiclass, classes: [{', '.join(_class(each) for each in label.classes)}]}}"
    return f"{{kind: regression, unit: {code.yaml(code.shown(label.column.name))}}}  # unsure: in which unit?"


def _class(value: Any) -> str:
    return code.yaml(value) if isinstance(value, str) else code.quoted(str(value))


def _table(name: str, spec: Mapping[str, Any]) -> Iterator[str]:
    line = f"  {name}: {code.yaml(spec)}"
    if len(line) <= code.WIDTH:
        yield line
        return
    yield f"  {name}:"
    for key, value in spec.items():
        whole = f"    {key}: {code.yaml(value)}"
        if len(whole) <= code.WIDTH or not isinstance(value, Mapping):
            yield whole
        else:
            yield f"    {key}:"
            yield from (f"      {code.key(inner)}: {code.yaml(each)}" for inner, each in value.items())


def _small(plan: Plan) -> str:
    return code.yaml({name: {"share": share} for name, share in plan.small.items()})


def _fairness(plan: Plan, of: Mapping[str, str]) -> Iterator[str]:
    named = [of.get(name, name) for name in plan.protected if plan.columns[name].few]
    told = ", ".join(plan.protected)
    if named:
        yield "# unsure: " + code.comment(f"{told} may be protected. To measure groups, and keep these out of the model:")
        yield f"# fairness: {{attributes: {code.yaml(named)}, minimum: {plan.minimum}}}"
    elif plan.protected:
        yield "# unsure: " + code.comment(
            f"{told} may be protected. To measure groups make a feature of a few groups of it, and name that:"
        )
        yield f"# fairness: {{attributes: [age_group], minimum: {plan.minimum}}}"


def _left(plan: Plan) -> Iterator[str]:
    """What no feature reads, and why; and what had perhaps better not be read."""
    yield from (f"# unsure: {code.comment(f'{name} {why}')}" for name, why in list(plan.doubted.items())[:LEFT])
    yield from [""] if plan.doubted and not plan.left else []
    if plan.left:
        yield f"# Of {plan.given.name} no feature reads:"
        yield from (f"#   {code.comment(f'{name}: it {why}')}" for name, why in list(plan.left.items())[:LEFT])
        more = len(plan.left) - LEFT
        yield from ([f"#   and {more} columns more"] if more > 0 else [])
        yield ""


def _catalog(plan: Plan, tables: Mapping[str, Any]) -> Iterator[str]:
    yield from ("catalog:", "  owner: data-team  # unsure: who answers for it?")
    what = code.shown(plan.label.column.name)
    yield f"  description: {code.quoted(f'{what} of each row of {plan.given.name}.')}  # unsure: what is it for?"
    yield "  tables:"
    for name in tables:
        rows = "The rows to learn from." if name == plan.given.name else f"{name.replace('_', ' ').capitalize()}."
        yield f"    {name}: {{description: {code.quoted(rows)}, licence: internal, fresh: null}}"
