"""The course of a start as one SVG: Running executors over time, whose axis is logarithmic because the contestants are so far apart."""
import math

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 320, 60, 40, 30, 20
COLOURS = {"Outrigger": "#0b6e4f", "stock, tuned": "#c77d0a", "stock": "#b3261e", "bare": "#777777"}
FIRST_S = 0.1


def plot(runs, executors):
    """runs: contestant -> found, with `course`: seconds from the first POST to each Running executor, sorted."""
    courses = {name: run["course"] for name, run in runs.items() if isinstance(run, dict) and run.get("course")}
    last = max(course[-1] for course in courses.values())
    decades = range(math.floor(math.log10(FIRST_S)), math.ceil(math.log10(last)) + 1)

    def x(seconds):
        share = (math.log10(max(seconds, FIRST_S)) - decades[0]) / (decades[-1] - decades[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(count):
        return HEIGHT - BOTTOM - count / executors * (HEIGHT - BOTTOM - TOP)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{LEFT}" y="18">Running executors of {executors}, seconds since the first POST</text>']
    for decade in decades:
        at = x(10**decade)
        parts += [f'<path d="M{at:.0f} {y(0):.0f}V{TOP}" stroke="#ddd"/>', f'<text x="{at:.0f}" y="{HEIGHT - 18}" text-anchor="middle">{10**decade:g} s</text>']
    for count in range(0, executors + 1, executors // 4):
        parts += [f'<path d="M{LEFT} {y(count):.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>', f'<text x="{LEFT - 6}" y="{y(count) + 4:.0f}" text-anchor="end">{count}</text>']
    for row, (name, course) in enumerate(courses.items(), 1):
        every = max(1, len(course) // 100)
        points = [*((course[i], i + 1) for i in range(0, len(course), every)), (course[-1], len(course))]
        line = " ".join(f"{x(seconds):.1f},{y(count):.1f}" for seconds, count in points)
        parts += [f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>',
                  f'<text x="{LEFT + 10}" y="{TOP + 16 * row}" fill="{COLOURS[name]}">{name}: {course[-1]:.1f} s</text>']
    return "\n".join([*parts, "</svg>"]) + "\n"
