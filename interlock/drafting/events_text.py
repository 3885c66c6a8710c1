"""`events.py`: from the label's table to requests and outcomes."""

from interlock.drafting import code
from interlock.drafting.plan import Plan


def events(plan: Plan) -> str:
    """The whole file."""
    table = plan.given.name
    row = plan.by == (plan.row,)
    extra = [*([f"{plan.as_of}=ASKED"] if plan.moment else []), *([f"{plan.row}=ROW"] if row else [])]
    key = [*(code.literal(name) for name in plan.key), *([code.literal(plan.time)] if plan.time and plan.time not in plan.key else [])]
    label = f"{plan.label.name}={_label(plan)}"
    given = [*key, *([code.literal(plan.label_time)] if plan.label_time else []), *extra, label]
    rows = f"{table}.filter({_kept(plan)})" if plan.label.rare else table
    lines = ['"""From the tables to requests and outcomes (offline only)."""', "", "import polars as pl", ""]
    lines += ["from interlock.frames import ROW"] if row else []
    lines += ["from interlock.usecase import col"] if "col(" in label or plan.label.rare else []
    lines += [f"from usecases.{plan.name}.schema import Asked"] if plan.shares_columns else []
    if plan.moment:
        lines += [
            "",
            f"ASKED = {code.moment(plan.moment)}  # unsure: {table} is not dated, so every row is asked about after the last event",
        ]
    lines += ["", "", f"def requests({table}: pl.LazyFrame) -> pl.LazyFrame:", f'    """Every row of {table}{_when(plan)}."""']
    asked = ["*Asked.to_schema().columns"] if plan.shares_columns else [code.literal(name) for name in plan.known]
    lines += _indented(code.call(f"return {table}.select", [*asked, *extra]))
    lines += ["", "", f"def outcomes({table}: pl.LazyFrame) -> pl.LazyFrame:", f'    """{_said(plan)}"""']
    lines += _indented(code.call(f"return {rows}.select", given))
    return "\n".join(lines) + "\n"


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _when(plan: Plan) -> str:
    return f", at its {code.words(plan.time)}" if plan.time and '"' not in plan.time and "\\" not in plan.time else ""


def _said(plan: Plan) -> str:
    kind = {"binary": "Whether it came true", "multiclass": "Which class it was", "regression": "How much it was"}[plan.label.kind]
    return f"{kind}; a row without a label is none." if plan.label.column.nullable else f"{kind}."


def _label(plan: Plan) -> str:
    label, name = plan.label, f"col({code.literal(plan.label.column.name)}){'.fill_nan(None)' if plan.label_nan else ''}"
    if label.kind == "binary":
        return name if label.positive is True else f"~{name}" if label.positive is False else f"{name} == {code.literal(label.positive)}"
    return f"{name}.cast(pl.String)" if label.kind == "multiclass" and not label.column.text else name


def _kept(plan: Plan) -> str:
    """A condition that leaves out the classes of a few rows."""
    return f"~col({code.literal(plan.label.column.name)}).is_in([{code.items(plan.label.rare)}])"
