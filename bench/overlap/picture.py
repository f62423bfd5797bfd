"""One task as every contender went through it: a picture, decoding and tools as bars over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_ROW = 14
_GAP = 26
_LEFT = 110
_WIDTH = 760
_DECODE, _TOOL, _INK = "#2563a8", "#e0913a", "#333"


@dataclass(frozen=True, slots=True)
class Bar:
    begun: float
    ended: float
    decodes: bool
    """Else a tool runs."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One contender."""

    bars: Sequence[Bar]
    seconds: float
    """From asking to the whole answer."""


def draw(title: str, lanes: Mapping[str, Lane], bound: float) -> str:
    """An SVG. Times are in seconds from each contender's own beginning; `bound` is drawn across all of them."""
    scale = _WIDTH / max(bound, *(lane.seconds for lane in lanes.values()))
    shapes, top = [_text(_LEFT, 18, title, bold=True)], 40.0
    for name, lane in lanes.items():
        end = _LEFT + lane.seconds * scale
        shapes += [_text(0, top + 11, name), _text(end + 6, top + 11, f"{lane.seconds:.1f} s")]
        begun = top
        decoding = [bar for bar in lane.bars if bar.decodes]
        for row in (decoding, *_rows([bar for bar in lane.bars if not bar.decodes])):
            shapes += [_bar(bar, top, scale) for bar in row]
            top += _ROW + 2
        shapes.append(_line(end, begun, top - 2, "0"))
        top += _GAP - _ROW
    at = _LEFT + bound * scale
    line = _line(at, 30, top, "4 3")
    legend = [
        *_legend(_LEFT, top + 8, _DECODE, "decoding"),
        *_legend(_LEFT + 100, top + 8, _TOOL, "a tool"),
        _text(_LEFT + 190, top + 18, f"- - the least that is possible: {bound:.1f} s"),
    ]
    size = f'width="{_LEFT + _WIDTH + 60}" height="{top + 30:.0f}"'
    style = f'font-family="sans-serif" font-size="12" fill="{_INK}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>', *shapes, line, *legend, "</svg>", ""])


def _rows(bars: Sequence[Bar]) -> list[list[Bar]]:
    """As few as it takes that none covers another."""
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda bar: bar.begun):
        free = next((row for row in rows if row[-1].ended <= bar.begun), None)
        if free is None:
            rows.append([bar])
        else:
            free.append(bar)
    return rows


def _bar(bar: Bar, top: float, scale: float) -> str:
    at, width = _LEFT + bar.begun * scale, max(1.0, (bar.ended - bar.begun) * scale)
    return _box(at, top, width, _DECODE if bar.decodes else _TOOL)


def _box(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_ROW}" fill="{colour}" rx="1"/>'


def _line(x: float, top: float, bottom: float, dashes: str) -> str:
    place = f'x1="{x:.1f}" x2="{x:.1f}" y1="{top:.0f}" y2="{bottom:.0f}"'
    return f'<line {place} stroke="{_INK}" stroke-dasharray="{dashes}"/>'


def _text(x: float, y: float, text: str, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{weight}>{escape(text)}</text>'


def _legend(x: float, y: float, colour: str, text: str) -> Iterator[str]:
    yield _box(x, y, 20, colour)
    yield _text(x + 26, y + 11, text)
