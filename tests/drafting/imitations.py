"""Tables as strangers bring them, in the shapes of data sets that many people learn on; made here, the same every time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random


def bank(folder: Path) -> list[Path]:
    """Calls of a bank: quoted, separated by semicolons, `unknown` for what nobody knows; neither key nor time."""
    random, rows = Random(1), []  # noqa: S311 - rows, not secrets
    for _ in range(1600):
        age, balance, before = (
            random.randint(18, 90),
            random.randint(-900, 9000),
            random.choice(["unknown", "unknown", "failure", "success"]),
        )
        chance = 5 + (40 if before == "success" else 0) + (20 if balance > 4000 else 0) + (15 if age > 60 else 0)
        rows.append(
            {
                "age": age, "job": random.choice(["admin.", "blue-collar", "unknown", "retired"]), "marital": random.choice(["married", "single"]),
                "default": random.choice(["no", "no", "yes"]), "balance": balance, "month": random.choice(["may", "jun", "nov"]),
                "poutcome": before, "y": "yes" if random.randint(0, 99) < chance else "no",
            }
        )  # fmt: skip
    return [_text(folder / "bank-full.csv", rows, ";", '"')]


def titanic(folder: Path) -> list[Path]:
    """Passengers: a key, names, tickets, cabins that are mostly missing, and a boat that only those have who were saved."""
    random, rows = Random(2), []  # noqa: S311 - rows, not secrets
    for number in range(891):
        woman, level = random.random() < 0.4, random.choice([1, 2, 3, 3])
        saved = random.random() < (0.75 if woman else 0.2) - 0.1 * (level == 3)
        rows.append(
            {
                "PassengerId": number + 1, "Survived": int(saved), "Pclass": level, "Name": f'Doe{number}, {"Mrs" if woman else "Mr"}. "A" B',
                "Sex": "female" if woman else "male", "Age": "" if random.random() < 0.2 else random.randint(1, 75), "SibSp": random.randint(0, 3),
                "Ticket": f"A/{random.randint(1, 700)}", "Fare": round(random.uniform(5, 90) / level, 4), "Cabin": "" if random.random() < 0.8 else f"C{number}",
                "Embarked": random.choice(["S", "C", "Q", "S", ""]), "boat": random.randint(1, 16) if saved else "",
            }
        )  # fmt: skip
    return [_text(folder / "train.csv", rows)]


def bikes(folder: Path) -> list[Path]:
    """Hourly counts of bikes: a day in one column and the hour in another, and two columns that add up to the count."""
    random, rows, start = Random(3), [], date(2011, 1, 1)  # noqa: S311 - rows, not secrets
    for number in range(24 * 150):
        day, hour = start + timedelta(days=number // 24), number % 24
        warm, rush = 0.2 + 0.5 * (number / 3600), 120 if hour in (8, 17, 18) else 30 if hour > 6 else 4
        casual, registered = random.randint(0, 20 + rush // 3), int(rush * (0.5 + warm) + random.randint(0, 25))
        rows.append(
            {
                "instant": number + 1, "dteday": day.isoformat(), "season": 1 + number // 24 // 60, "hr": hour, "holiday": int(random.random() < 0.03),
                "weekday": day.isoweekday() % 7, "temp": round(warm + random.uniform(-0.1, 0.1), 2), "hum": round(random.uniform(0.2, 1), 2),
                "casual": casual, "registered": registered, "cnt": casual + registered,
            }
        )  # fmt: skip
    return [_text(folder / "hour.csv", rows)]


def credit(folder: Path) -> list[Path]:
    """Cards: twenty columns of numbers, a label whose name is a sentence, and a weight."""
    random, rows = Random(4), []  # noqa: S311 - rows, not secrets
    for number in range(1500):
        late = random.choice([-1, 0, 0, 0, 1, 2])
        bills = {f"BILL_AMT{month}": random.randint(-500, 90_000) for month in range(1, 7)}
        rows.append(
            {
                "ID": number + 1, "LIMIT_BAL": random.randint(1, 50) * 10_000, "SEX": random.choice([1, 2]), "EDUCATION": random.randint(1, 4),
                "MARRIAGE": random.randint(1, 3), "AGE": random.randint(21, 75), "PAY_0": late, **bills, "sample_weight": round(random.uniform(0.5, 2), 3),
                "default.payment.next.month": int(random.random() < 0.15 + 0.2 * max(late, 0)),
            }
        )  # fmt: skip
    return [_text(folder / "UCI_Credit_Card.csv", rows)]


def wine(folder: Path) -> list[Path]:
    """Wines: numbers with spaces in their names, a grade of 3 to 9 as the label, a few rows of the rarest."""
    random, rows = Random(5), []  # noqa: S311 - rows, not secrets
    for number in range(1800):
        alcohol, acid = round(random.uniform(8, 14), 1), round(random.uniform(0.1, 1.2), 3)
        grade = 5 + (alcohol > 10) + (alcohol > 12.5) - (acid > 0.9) + random.choice([0, 0, 0, 1, -1])
        grade = 9 if number % 600 == 0 else min(8, max(4, grade))
        rows.append(
            {"fixed acidity": round(random.uniform(4, 15), 1), "volatile acidity": acid, "pH": 3.3, "alcohol": alcohol, "quality": grade}
        )
    return [_text(folder / "winequality-red.csv", rows, ";", '"')]


def stores(folder: Path) -> list[Path]:
    """Daily sales of shops, and the shops: strings as dates, and a key that is a number here and one there."""
    random, rows, start = Random(6), [], date(2013, 1, 1)  # noqa: S311 - rows, not secrets
    for number in range(240 * 12):
        day, shop = start + timedelta(days=number // 12), number % 12 + 1
        promotion, opened = int(random.random() < 0.3), day.isoweekday() < 7
        sold = (2000 + 400 * shop + 900 * promotion + random.randint(0, 900)) * opened
        rows.append(
            {
                "Store": shop,
                "Date": day.isoformat(),
                "Sales": sold,
                "Open": int(opened),
                "Promo": promotion,
                "StateHoliday": random.choice(["0", "0", "a"]),
            }
        )
    listed = [
        {"Store": shop, "StoreType": "abc"[shop % 3], "CompetitionDistance": "" if shop == 4 else shop * 310} for shop in range(1, 13)
    ]
    return [_text(folder / "sales.csv", rows), _text(folder / "store.csv", listed)]


def shop(folder: Path) -> list[Path]:
    """Users with a label that has no date, and their clicks."""
    random, users, clicks, start = Random(7), [], [], datetime(2024, 1, 1)  # noqa: S311 - rows, not secrets; without a zone, as they come
    for number in range(900):
        keen = random.randint(0, 9)
        for _ in range(random.randint(0, 4) + keen):
            at = start + timedelta(minutes=random.randint(0, 60 * 24 * 60))
            clicks.append(
                {
                    "event_time": f"{at:%Y-%m-%d %H:%M:%S}",
                    "event_type": random.choice(["view", "view", "cart"]),
                    "price": round(random.uniform(1, 200), 2),
                    "user_id": f"u{number}",
                }
            )
        users.append(
            {
                "user_id": f"u{number}",
                "email": f"u{number}@example.com",
                "country": random.choice(["FR", "DE"]),
                "converted": str(random.randint(0, 11) < keen),
            }
        )
    return [_text(folder / "users.csv", users), _text(folder / "clicks.csv", clicks)]


def sensors(folder: Path) -> list[Path]:
    """Readings of machines every hour, the label on some rows only."""
    random, rows, start = Random(8), [], datetime(2024, 3, 1)  # noqa: S311 - rows, not secrets; without a zone, as they come
    heat = [50.0] * 8
    for number in range(24 * 60 * 8):
        machine, at = number % 8, start + timedelta(hours=number // 8)
        heat[machine] = 0.9 * heat[machine] + 5 + random.uniform(-2, 2) + (3 if random.random() < 0.05 else 0)
        failed = random.random() < (0.5 if heat[machine] > 54 else 0.02)
        label = "" if random.random() < 0.2 else int(failed)
        rows.append(
            {
                "machine_id": f"M{machine}",
                "timestamp": at.isoformat(),
                "temperature": round(heat[machine], 3),
                "vibration": round(random.gauss(0, 1), 6),
                "failure": label,
            }
        )
    return [_text(folder / "readings.csv", rows)]


ALL: dict[str, Callable[[Path], list[Path]]] = {
    each.__name__: each for each in (bank, titanic, bikes, credit, wine, stores, shop, sensors)
}  # fmt: skip


def _text(path: Path, rows: Sequence[Mapping[str, object]], separator: str = ",", quote: str = "") -> Path:
    """The rows as a CSV; texts and names in quotes where `quote` says so, or where they have to be."""

    def cell(value: object) -> str:
        text = str(value)
        quoted = (quote and isinstance(value, str)) or separator in text or '"' in text
        return '"' + text.replace('"', '""') + '"' if quoted else text

    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [separator.join(map(cell, rows[0])), *(separator.join(map(cell, row.values())) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
