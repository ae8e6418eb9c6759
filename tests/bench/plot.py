# SPDX-License-Identifier: Apache-2.0
"""Scaling plots: lines over logarithmic axes, as SVG that asks nothing of anybody."""
import math

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 70, 50
COLOURS = ["#1f5fa8", "#b3541e", "#3a7d44", "#7a3e9d"]


def decades(values):
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


def number(exponent):
    return f"{10 ** exponent:g}" if -3 <= exponent < 4 else f"10^{exponent}"


def plot(path, title, x_label, y_label, lines):
    """@lines: {name: [(x, y), ...]}, all above zero."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    if not xs:
        return
    x_ticks, y_ticks = decades(xs), decades(ys)

    def place(x, y):
        span_x = max(1, x_ticks[-1] - x_ticks[0])
        span_y = max(1, y_ticks[-1] - y_ticks[0])
        return (LEFT + (math.log10(x) - x_ticks[0]) / span_x * (WIDTH - LEFT - 20),
                HEIGHT - BOTTOM - (math.log10(y) - y_ticks[0]) / span_y * (HEIGHT - BOTTOM - 40))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="{LEFT}" y="22" font-size="15">{title}</text>']
    for tick in x_ticks:
        x, _ = place(10 ** tick, 10 ** y_ticks[0])
        out.append(f'<path d="M{x:.1f} 40V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{number(tick)}</text>')
    for tick in y_ticks:
        _, y = place(10 ** x_ticks[0], 10 ** tick)
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(tick)}</text>')
    for index, (name, points) in enumerate(lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        places = [place(x, y) for x, y in sorted(points)]
        out.append(f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}" fill="none" '
                   f'stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        out.append(f'<text x="{LEFT + 10}" y="{56 + 16 * index}" fill="{colour}">{name}</text>')
    out.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{x_label}</text>'
               f'<text x="16" y="{HEIGHT / 2}" text-anchor="middle" '
               f'transform="rotate(-90 16 {HEIGHT / 2})">{y_label}</text></svg>')
    path.write_text("\n".join(out) + "\n", encoding="utf-8")
