#!/usr/bin/env python3
"""Draws docs/pictures/*.svg from the texts beside them. With --check, says which are not as their text
says. Words of a text, each on a line, measures in pixels:

    size WIDTH HEIGHT | title, for who can't see it | description
    frame X Y WIDTH HEIGHT | heading
    box X Y WIDTH HEIGHT [strong|quiet|data] | heading | line | line
    arrow X1 Y1 X2 Y2 ... [dashed] | label     along all points; the label stands beside its middle
    note X Y [start|middle|end] | line | line

growth.txt is a table: millions of transfers, then a column for each ledger, in thousands a second.
"""

import pathlib
import sys
from xml.sax.saxutils import escape

FOLDER = pathlib.Path(__file__).parent / "pictures"
STYLE = """
  .ground { fill: #ffffff; } .frame { fill: #f6f8fa; stroke: #d0d7de; }
  .box { fill: #ffffff; stroke: #8c959f; } .strong { fill: #0b6e4f; stroke: #0b6e4f; }
  .quiet { fill: none; stroke: #8c959f; stroke-dasharray: 4 3; } .data { fill: #e6f2ee; stroke: #0b6e4f; }
  .line { fill: none; stroke: #57606a; stroke-width: 1.5; } .tip { fill: #57606a; }
  .dashed { stroke-dasharray: 5 4; } .grid { stroke: #d0d7de; }
  text { fill: #1f2328; } .small { fill: #57606a; } .on-strong, .on-strong.small { fill: #ffffff; }
  .plot-0 { stroke: #0b6e4f; } .plot-1 { stroke: #8c959f; } .plot-2 { stroke: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .frame { fill: #151b23; stroke: #30363d; }
    .box { fill: #0d1117; stroke: #6e7681; } .strong { fill: #1a7f5a; stroke: #1a7f5a; }
    .quiet { stroke: #6e7681; } .data { fill: #10261e; stroke: #2ea57a; }
    .line { stroke: #9198a1; } .tip { fill: #9198a1; } .grid { stroke: #30363d; }
    text { fill: #e6edf3; } .small { fill: #9198a1; }
    .plot-0 { stroke: #3fb68b; } .plot-1 { stroke: #8b949e; } .plot-2 { stroke: #f0883e; }
  }
"""


def text(x, y, words, kind="small", anchor="start", size=12, weight="normal"):
    return (
        f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}" font-size="{size}"'
        f' font-weight="{weight}">{escape(words)}</text>'
    )


def svg(width, height, title, description, parts):
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img"'
        " font-family=\"system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\">"
    )
    about = f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>"
    ground = f'<rect class="ground" width="{width:g}" height="{height:g}"/>'
    return "\n".join([head, about, f"<style>{STYLE}</style>", ground, *parts, "</svg>"]) + "\n"


def rect(x, y, width, height, kind):
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
    )


def frame(numbers, _, lines):
    x, y, *_ = numbers
    return [rect(*numbers, "frame"), text(x + 14, y + 22, lines[0], "", size=13, weight=600)]


def box(numbers, words, lines):
    x, y, width, height = numbers
    kind = words[0] if words else "box"
    on = "on-strong" if kind == "strong" else ""
    first = y + height / 2 - 8 * (len(lines) - 1) + 4
    drawn = [rect(*numbers, kind), text(x + width / 2, first, lines[0], on, "middle", 13, 600)]
    for row, line in enumerate(lines[1:], 1):
        drawn.append(text(x + width / 2, first + 16 * row + 1, line, f"{on} small", "middle"))
    return drawn


def arrow(numbers, words, lines):
    points = list(zip(numbers[::2], numbers[1::2]))
    (x1, y1), (x2, y2) = points[-2:]
    along = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    left = (x2 - 8 * along[0] - 4 * along[1], y2 - 8 * along[1] + 4 * along[0])
    right = (x2 - 8 * along[0] + 4 * along[1], y2 - 8 * along[1] - 4 * along[0])
    tip = f"M{x2:g} {y2:g}L{left[0]:g} {left[1]:g}L{right[0]:g} {right[1]:g}Z"
    kind = "line dashed" if "dashed" in words else "line"
    drawn = [f'<path class="{kind}" d="{path}"/>', f'<path class="tip" d="{tip}"/>']
    if lines and lines[0]:
        middle = len(points) // 2
        (x1, y1), (x2, y2) = points[middle - 1], points[middle]
        place = (8, 4) if x1 == x2 else (0, -7)
        anchor = "start" if x1 == x2 else "middle"
        drawn.append(text((x1 + x2) / 2 + place[0], (y1 + y2) / 2 + place[1], lines[0], "small", anchor))
    return drawn


def note(numbers, words, lines):
    x, y = numbers
    anchor = words[0] if words else "start"
    return [text(x, y + 16 * row, line, "small", anchor) for row, line in enumerate(lines)]


def picture(description):
    parts, about = [], None
    for line in description.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        given, *lines = [part.strip() for part in line.split("|")]
        verb, *rest = given.split()
        numbers = [float(it) for it in rest if it.lstrip("-").replace(".", "").isdigit()]
        words = rest[len(numbers) :]
        if verb == "size":
            about = (*numbers, *lines)
        else:
            parts += {"frame": frame, "box": box, "arrow": arrow, "note": note}[verb](
                numbers, words, lines
            )
    return svg(*about, parts)


def growth(table):
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    names = [line for line in table.splitlines() if line.startswith("# millions")][0].split("\t")[1:]
    most = 1_600
    place = lambda million, thousands: (80 + 50 * float(million), 340 - 300 * float(thousands) / most)
    parts = [text(24, 26, "durable transfers a second, in batches of 8,000", "", weight=600)]
    for thousands in range(0, most + 1, 400):
        _, y = place(0, thousands)
        parts.append(f'<path class="grid" d="M80 {y:g}H580"/>')
        parts.append(text(72, y + 4, f"{thousands * 1_000:,}", "small", "end", 11))
    for million in range(0, 11, 2):
        parts.append(text(place(million, 0)[0], 360, str(million), "small", "middle", 11))
    parts.append(text(330, 382, "million transfers in the ledger", "small", "middle"))
    for column, name in enumerate(names):
        points = [place(row[0], row[column + 1]) for row in rows if row[column + 1] != "-"]
        x, y = points[-1]
        if len(points) == 1:
            parts.append(f'<circle class="plot-{column}" cx="{x:g}" cy="{y:g}" r="3" fill="none" stroke-width="2.5"/>')
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path class="plot-{column}" d="M{path}" fill="none" stroke-width="2.5"/>')
        parts.append(text(x + 12, y + 4, f"{name}", "", size=12, weight=600))
    what = "Durable transfers a second while a ledger grows to ten million transfers"
    told = "The ledger stays between 319,000 and 369,000; bare rows between 1,267,000 and 1,430,000; by hand 13,900."
    return svg(700, 400, what, told, parts)


def main():
    wrong = []
    for source in sorted(FOLDER.glob("*.txt")):
        draw = growth if source.stem == "growth" else picture
        drawn, target = draw(source.read_text()), source.with_suffix(".svg")
        if "--check" not in sys.argv:
            target.write_text(drawn)
        elif not target.exists() or target.read_text() != drawn:
            wrong.append(target.name)
    if wrong:
        sys.exit(f"{', '.join(wrong)}: draw again with docs/pictures.py")


if __name__ == "__main__":
    main()
