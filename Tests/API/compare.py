"""Compares the public API of libraries, from their symbol graphs, with the files of docs/api.

A symbol is a line: the type that it belongs to, a tab, its declaration. Conformances and what a library exports of others are lines, too.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

# Lines of a library that are shown at most.
SHOWN = 30
ROOT = pathlib.Path(__file__).resolve().parents[2]
Symbol = collections.namedtuple("Symbol", "path line")


def symbols(library, graphs):
    """The symbols of a library, those that it adds to types of others included."""
    found = set()
    for path in sorted(graphs.glob(f"{library}.symbols.json")) + sorted(graphs.glob(f"{library}@*.symbols.json")):
        graph = json.loads(path.read_text())
        names = {}
        for symbol in graph["symbols"]:
            parts = symbol["pathComponents"]
            names[symbol["identifier"]["precise"]] = parts
            text = "".join(piece["spelling"] for piece in symbol["declarationFragments"])
            text = " ".join(text.split())
            if symbol.get("availability"):
                if any(item.get("isUnconditionallyDeprecated") for item in symbol["availability"]):
                    text = "@available(*, deprecated) " + text
            found.add(Symbol(".".join(parts), f"{'.'.join(parts[:-1])}\t{text}"))
        for relation in graph["relationships"]:
            source = names.get(relation["source"])
            if relation["kind"] not in ("conformsTo", "inheritsFrom") or source is None:
                continue
            target = relation.get("targetFallback") or ".".join(names.get(relation["target"], ["?"]))
            # Members that the compiler synthesizes are ignored.
            if target in ("Swift.Copyable", "Swift.Escapable", "Swift.SendableMetatype", "Swift.BitwiseCopyable"):
                continue
            where = constraints(relation.get("swiftConstraints", []))
            target = target.removeprefix("Swift.")
            found.add(Symbol(".".join(source), f"{'.'.join(source)}\t: {target}{where}"))
    for source in sorted((ROOT / "Sources" / library).rglob("*.swift")):
        for name in re.findall(r"^@_exported import (?:\w+ )?([\w.]+)", source.read_text(), re.M):
            found.add(Symbol(name, f"\t@_exported import {name}"))
    return found


def constraints(items):
    words = {"conformance": ":", "superclass": ":", "sameType": "=="}
    texts = [f"{item['lhs']}{words[item['kind']]} {item['rhs']}" for item in items]
    return f" where {', '.join(texts)}" if texts else ""


def read(path):
    if not path.exists():
        return set()
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {Symbol(name(line), line) for line in lines}


def name(line):
    """The name of a line's symbol as its path has it, as far as the text shows: enough to pair what was removed with what was added."""
    owner, text = line.split("\t", 1)
    if text.startswith(": "):
        return owner
    return key(owner, text)


def key(owner, text):
    text = re.sub(r"^(@\w+(\([^)]*\))? )*", "", text)
    found = re.search(r"\b(?:struct|class|enum|actor|protocol|typealias|associatedtype|macro|case|var|let|func|import) `?([^\s`(<:=]+)", text)
    word = found.group(1) if found else re.match(r"\S*?(init|subscript|deinit)?", text).group(1) or text
    if found is None:
        word = next((w for w in ("init", "subscript") if re.search(rf"\b{w}\b", text)), text)
    return f"{owner}.{word}" if owner else word


def show(library, lines, sign):
    for line in sorted(lines)[:SHOWN]:
        print(f"  {sign} {library}: {plain(line)}")
    if len(lines) > SHOWN:
        print(f"  {sign} {library}: {len(lines) - SHOWN} more")


def plain(line):
    return line.replace("\t", "  ").strip()


def unreleased():
    text = (ROOT / "CHANGELOG.md").read_text()
    found = re.search(r"^## \[?Unreleased\]?.*?$(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found.group(1) if found else ""


def types(lines):
    """The names of the types that lines declare."""
    pattern = r"\t(?:\w+ )*(?:struct|class|enum|actor|protocol|typealias) (\w+)"
    return {found.group(1) for found in (re.search(pattern, line) for line in lines) if found}


def is_named(text, line, known):
    """Whether an entry names the symbol (`enter(_:)`), a type that it belongs to, or one of these libraries that it speaks of."""
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    own = set(re.findall(r"\w+", name(line))) | (set(re.findall(r"\w+", line)) & known)
    return bool(own & words)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--graphs", type=pathlib.Path, required=True)
    parser.add_argument("--baseline", type=pathlib.Path, default=ROOT / "docs/api")
    parser.add_argument("libraries", nargs="+")
    options = parser.parse_args()
    now = {library: symbols(library, options.graphs) for library in options.libraries}
    before = {library: read(options.baseline / f"{library}.txt") for library in options.libraries}
    everywhere = {symbol.line for library in now for symbol in now[library]}
    broken, added_count = [], 0
    for library in options.libraries:
        old = {symbol.line for symbol in before[library]}
        new = {symbol.line for symbol in now[library]}
        gone, come = old - new, new - old
        moved = {line for line in gone if line in everywhere}
        gone -= moved
        came = collections.defaultdict(set)
        for line in come:
            came[name(line)].add(line)
        changed = {line for line in gone if came.get(name(line)) and not line.split("\t", 1)[1].startswith(": ")}
        replaced = {other for line in changed for other in came[name(line)]}
        show(library, moved, "moved to another library:")
        show(library, gone - changed, "removed:")
        for line in sorted(changed):
            print(f"  changed: {library}: {plain(line)}")
            for other in sorted(came[name(line)]):
                print(f"       now: {plain(other)}")
        show(library, come - replaced, "added:")
        broken += sorted(gone)
        added_count += len(come - replaced)
        if moved:
            added_count += len(moved)
    if options.accept:
        text = unreleased()
        known = types(everywhere | {symbol.line for library in before for symbol in before[library]})
        silent = [line for line in broken if not is_named(text, line, known)]
        if silent:
            print("Removed or changed, and not named under \"Unreleased\" in CHANGELOG.md:", file=sys.stderr)
            for line in silent:
                print(f"  {plain(line)}", file=sys.stderr)
            return 1
        options.baseline.mkdir(parents=True, exist_ok=True)
        for library in options.libraries:
            path = options.baseline / f"{library}.txt"
            if not now[library]:
                path.unlink(missing_ok=True)
                continue
            lines = sorted(symbol.line for symbol in now[library])
            path.write_text(f"# The public API of {library}, written by `Tests/api.sh --accept`.\n" + "\n".join(lines) + "\n")
        print(f"docs/api: {sum(len(found) for found in now.values())} lines of {sum(1 for found in now.values() if found)} libraries")
        return 0
    if broken:
        print(
            f"{len(broken)} symbols of the public API were removed or changed: put them back, or name them under \"Unreleased\" in "
            "CHANGELOG.md and run `Tests/api.sh --accept`.", file=sys.stderr)
        return 1
    if added_count:
        print(f"{added_count} lines are not in docs/api yet: `Tests/api.sh --accept` writes them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
