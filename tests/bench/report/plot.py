"""Bars on a logarithmic scale, as SVG."""

import math
from html import escape

WIDTH, LEFT, BAR, GAP = 900, 330, 20, 10
COLOURS = {"ours": "#1f6f8b", "raw": "#9aa5b1", "peer": "#d08c3c"}


def bars(title, rows):
    """rows: (label, kind, Number)"""
    rows = [row for row in rows if row[2]]
    top = 10 ** math.ceil(math.log10(max(row[2].interval[1] for row in rows)))
    bottom = 10 ** math.floor(math.log10(min(row[2].interval[0] for row in rows)))

    def x(value):
        value = min(max(value, bottom), top)
        return LEFT + (WIDTH - LEFT - 90) * math.log(value / bottom) / math.log(top / bottom)

    height = 60 + len(rows) * (BAR + GAP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="{height}" fill="white"/>', f'<text x="12" y="22" font-size="15">{escape(title)}</text>']
    mark = bottom
    while mark <= top:
        out.append(f'<line x1="{x(mark):.1f}" y1="34" x2="{x(mark):.1f}" y2="{height - 22}" stroke="#ddd"/>')
        out.append(f'<text x="{x(mark):.1f}" y="{height - 8}" text-anchor="middle" fill="#666">{mark:,.0f}</text>')
        mark *= 10
    for at, (label, kind, number) in enumerate(rows):
        y = 40 + at * (BAR + GAP)
        low, high = number.interval
        middle = y + BAR / 2
        out.append(f'<text x="{LEFT - 8}" y="{middle + 4.5}" text-anchor="end">{escape(label)}</text>')
        out.append(f'<rect x="{LEFT}" y="{y}" width="{x(number.median) - LEFT:.1f}" height="{BAR}" fill="{COLOURS[kind]}"/>')
        out.append(f'<line x1="{x(low):.1f}" y1="{middle}" x2="{x(high):.1f}" y2="{middle}" stroke="#222"/>')
        out.append(f'<text x="{x(max(number.median, min(high, top))) + 6:.1f}" y="{middle + 4.5}">{number.median:,.0f}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"
