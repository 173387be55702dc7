"""A line plot as SVG, without any library."""

COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")


def svg(title, unit, series, width=860, height=360):
    """`series`: name → [(seconds, value)]; every line from zero, with its name and last value at its end."""
    left, right, top, bottom = 56, 170, 34, 40
    longest = max((points[-1][0] for points in series.values() if points), default=1) or 1
    highest = max((value for points in series.values() for _, value in points), default=1) * 1.08 or 1
    x = lambda seconds: left + (width - left - right) * seconds / longest
    y = lambda value: height - bottom - (height - top - bottom) * value / highest
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           f'<text x="{left}" y="20" font-size="14" fill="#222">{title}</text>']
    for step in range(5):
        value = highest * step / 4
        out.append(f'<line x1="{left}" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#555">{value:.0f}</text>')
        seconds = longest * step / 4
        out.append(f'<text x="{x(seconds):.1f}" y="{height - bottom + 18}" text-anchor="middle" fill="#555">{seconds:.0f} s</text>')
    out.append(f'<text x="12" y="{top - 4}" fill="#555">{unit}</text>')
    place = []
    for index, (name, points) in enumerate(sorted(series.items(), key=lambda item: item[1][-1][1] if item[1] else 0)):
        if not points:
            continue
        color = COLORS[index % len(COLORS)]
        thinned = points[::max(1, len(points) // 400)]
        line = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in thinned)
        out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="1.6"/>')
        at = y(points[-1][1])
        at = min(at, place[-1] - 15) if place else at
        place.append(at)
        out.append(f'<text x="{width - right + 8}" y="{at + 4:.1f}" fill="{color}">{name} {points[-1][1]:.1f}</text>')
    return "\n".join([*out, "</svg>", ""])


def slope(points):
    """The least-squares slope of [(seconds, value)], a second."""
    n = len(points)
    if n < 2:
        return 0.0
    mean_t, mean_v = sum(t for t, _ in points) / n, sum(v for _, v in points) / n
    square = sum((t - mean_t) ** 2 for t, _ in points)
    return sum((t - mean_t) * (v - mean_v) for t, v in points) / square if square else 0.0
