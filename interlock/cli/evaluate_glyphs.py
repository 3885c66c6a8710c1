"""Pictures of a line's height, drawn by hand: a value with its interval beside a bound, within a table."""

from collections.abc import Iterable
from html import escape

from interlock.cli.evaluate_html import Html
from interlock.cli.evaluate_words import amount

WIDTH, HEIGHT, EDGE = 150, 16, 6


def span(value: float, low: float, high: float, marks: Iterable[float], room: tuple[float, float], look: str = "now") -> Html:
    """A point and its interval on a scale from room[0] to room[1], with a stroke at each of `marks`."""
    left, right, at = (_at(number, room) for number in (low, high, value))
    strokes = "".join(f'<path class="bound" d="M{_at(number, room):.1f} 1V{HEIGHT - 1}"/>' for number in marks)
    bar = f'<rect class="{look}" x="{left:.1f}" y="{HEIGHT / 2 - 2:.1f}" width="{max(right - left, 0.5):.1f}" height="4" opacity=".45"/>'
    point = f'<rect class="{look}" x="{at - 2:.1f}" y="{HEIGHT / 2 - 4:.1f}" width="4" height="8" rx="1"/>'
    return _svg(f"{amount(value)}, from {amount(low)} to {amount(high)}", f"{strokes}{bar}{point}")


def bullet(value: float, judged: float, bound: float, *, upper: bool, passed: bool) -> Html:
    """What a gate judged: the side that it allows is shaded, the bound a stroke, the value a point, its worse end a bar."""
    numbers = (value, judged, bound)
    spread = max(numbers) - min(numbers) or abs(bound) or 1.0
    room = (min(numbers) - spread / 4, max(numbers) + spread / 4)
    edge, at, end = (_at(number, room) for number in (bound, value, judged))
    start, stop = (EDGE, edge) if upper else (edge, WIDTH - EDGE)
    look = "good" if passed else "gone"
    allowed = f'<rect class="allowed" x="{start:.1f}" width="{stop - start:.1f}" height="{HEIGHT}"/>'
    bar = f'<rect class="{look}" x="{min(at, end):.1f}" y="{HEIGHT / 2 - 2:.1f}" width="{abs(at - end):.1f}" height="4" opacity=".5"/>'
    point = f'<rect class="{look}" x="{at - 2:.1f}" y="{HEIGHT / 2 - 4:.1f}" width="4" height="8" rx="1"/>'
    stroke = f'<path class="bound" d="M{edge:.1f} 0V{HEIGHT}"/>'
    said = f"{amount(value)}, judged {amount(judged)}, {'at most' if upper else 'at least'} {amount(bound)}"
    return _svg(said, f"{allowed}{stroke}{bar}{point}")


def _at(number: float, room: tuple[float, float]) -> float:
    low, high = room
    part = (number - low) / (high - low) if high > low else 0.5
    return EDGE + min(max(part, 0.0), 1.0) * (WIDTH - 2 * EDGE)


def _svg(said: str, drawn: str) -> Html:
    label = escape(said, quote=True)
    return Html(
        f'<svg class="glyph" role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">{drawn}</svg>'
    )
