# SPDX-License-Identifier: Apache-2.0
"""Scaling plots: lines over logarithmic axes, as SVG that asks nothing of anybody."""
import math
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 420, 76, 24, 52, 56
# Lines are told apart by their marks, too, and each has its name beside it.
COLOURS = ["#1f5fa8", "#b3541e", "#3a7d44", "#7a3e9d"]
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decades(values):
    """Exponents of the powers of ten around all values; at least two."""
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(first, max(last, first + 1) + 1)


def number(exponent):
    return f"{10.0 ** exponent:,g}" if -3 <= exponent < 4 else "10" + str(exponent).translate(SUPERSCRIPTS)


def mark(index, x, y, colour):
    if index % 3 == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
    if index % 3 == 2:
        return f'<path d="M{x:.1f} {y - 4.5:.1f}l4.5 8h-9z" fill="{colour}"/>'
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'


def grid(x_ticks, y_ticks, place):
    """Lines and numbers at powers of ten, and faint lines at 2 to 9 times each."""
    out = []
    for ticks, across in ((x_ticks, True), (y_ticks, False)):
        for tick in ticks:
            for times in range(1, 10 if tick != ticks[-1] else 2):
                value = times * 10.0 ** tick
                x, y = place(value, 10.0 ** y_ticks[0]) if across else place(10.0 ** x_ticks[0], value)
                line = f"M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" if across else f"M{LEFT} {y:.1f}H{WIDTH - RIGHT}"
                out.append(f'<path d="{line}" stroke="{"#c8c8c8" if times == 1 else "#efefef"}"/>')
                if times > 1:
                    continue
                where = (f'x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle"' if across
                         else f'x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end"')
                out.append(f'<text {where}>{number(tick)}</text>')
    return out


def top_of(places, width):
    """How high a line reaches above the last @width of it."""
    begin = places[-1][0] - width
    heights = [y for x, y in places if x >= begin]
    for (x0, y0), (x1, y1) in zip(places, places[1:]):
        if x0 < begin < x1:
            heights.append(y0 + (y1 - y0) * (begin - x0) / (x1 - x0))
    return min(heights)


def names_place(tops):
    """Heights of names above the ends of their lines, from the top, none over another."""
    heights, least = {}, TOP + 12
    for name, y in sorted(tops.items(), key=lambda top: top[1]):
        heights[name] = max(y - 9, least)
        least = heights[name] + 16
    return heights


def plot(path, title, x_label, y_label, lines):
    """@lines: {name: [(x, y), ...]}, all above zero."""
    lines = {name: sorted((x, y) for x, y in points if x > 0 and y > 0) for name, points in lines.items()}
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return
    x_ticks = decades([x for points in lines.values() for x, _ in points])
    y_ticks = decades([y for points in lines.values() for _, y in points])

    def place(x, y):
        return (LEFT + (math.log10(x) - x_ticks[0]) / (x_ticks[-1] - x_ticks[0]) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (math.log10(y) - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]) * (HEIGHT - BOTTOM - TOP))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
           f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="{LEFT}" y="28" font-size="15">{escape(title)}</text>', *grid(x_ticks, y_ticks, place)]
    heights = names_place({name: top_of([place(x, y) for x, y in points], 7 * len(name) + 14)
                           for name, points in lines.items()})
    for index, (name, points) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        places = [place(x, y) for x, y in points]
        out.append(f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}" fill="none" '
                   f'stroke="{colour}" stroke-width="2"/>')
        out += [mark(index, x, y, colour) for x, y in places]
        out.append(f'<text x="{places[-1][0] - 10:.1f}" y="{heights[name]:.1f}" text-anchor="end" fill="{colour}" '
                   f'stroke="#fff" stroke-width="3" paint-order="stroke">{escape(name)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x_label)}</text>'
               f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">{escape(y_label)}'
               '</text></svg>')
    path.write_text("\n".join(out) + "\n", encoding="utf-8")
