#!/usr/bin/env python3
"""Makes deploy/iris/names.links: which names mean the same, and which are other things of one kind (docs/spec/iris.md, Embeddings).

usage: links.py [--wordnet FOLDER] [--check]

Takes WordNet 3.0 from Debian's package wordnet-base (apt-get download) unless a folder has its files, and alike.tsv beside this script.
The same bytes each time.
"""
import argparse
import collections
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LINKS = os.path.join(HERE, "names.links")
MAGIC, VERSION, HEADER = b"NIMLINK1", 1, 128
WORD = re.compile(r"[a-z0-9]+( [a-z0-9]+)?$")
# Senses of a word that count, by their order of use, and the share of its uses that a sense has at least.
SENSES, SHARE = 2, 0.3
GENERIC = """sensor sensors reading readings value values status state measurement measurements measure data signal monitor monitoring
detector detection detected info system""".split()
MASK = (1 << 64) - 1
PACKAGE = "wordnet-base=1:3.0-37"
PINNED = "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752"


def digest(data):
    """FNV-1a over 64-bit words, as in table.py."""
    value = 0xCBF29CE484222325
    for word in struct.unpack(f"<{len(data) // 8}Q", data):
        value = ((value ^ word) * 0x100000001B3) & MASK
        value ^= value >> 29
    return value


def key(name):
    """FNV-1a over the bytes of a name, 64 bits; spaces do not count, so that "living room" is "livingroom"."""
    value = 0xCBF29CE484222325
    for byte in name.replace(" ", "").encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def wordnet():
    """The folder of WordNet's files, downloaded and checked."""
    work = tempfile.mkdtemp()
    os.chmod(work, 0o755)
    subprocess.run(["apt-get", "download", "-q", PACKAGE], cwd=work, check=True, stdout=subprocess.DEVNULL)
    package = os.path.join(work, os.listdir(work)[0])
    with open(package, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != PINNED:
        raise SystemExit(f"{package}: found SHA-256 {found}, expected {PINNED}")
    subprocess.run(["dpkg-deb", "-x", package, work], check=True)
    return os.path.join(work, "usr", "share", "wordnet")


def lines(folder, name):
    with open(os.path.join(folder, name), encoding="latin-1") as file:
        return [line.split("  ")[0] if name.startswith("index") else line for line in file if not line.startswith("  ")]


def plain(lemma):
    return re.sub(r"\(\w+\)$", "", lemma).lower().replace("_", " ").replace("-", " ")


def common(folder):
    """The senses of each word that count: part of speech, word, place of the synset, with their number."""
    counts = collections.defaultdict(dict)
    with open(os.path.join(folder, "cntlist.rev"), encoding="latin-1") as file:
        for line in file:
            sense, number, count = line.split()
            lemma, rest = sense.split("%")
            part = "nvara"[int(rest[0]) - 1]
            counts[plain(lemma)].setdefault(part, {})[int(number)] = int(count)
    senses, nouns = {}, set()
    for part, name in (("n", "noun"), ("v", "verb"), ("a", "adj")):
        for line in lines(folder, "index." + name):
            fields = line.split()
            word, places = plain(fields[0]), fields[6 + int(fields[3]):]
            if part == "n":
                nouns.add(word)
            parts = counts.get(word, {})
            # Of its uses in all parts of speech; a word that was never counted is taken as a noun.
            total, uses = sum(sum(part.values()) for part in parts.values()), parts.get(part, {})
            for number, place in enumerate(places, 1):
                isUsed = uses.get(number, 0) >= SHARE * total if total else part == "n" or word not in nouns
                if number <= SENSES and isUsed:
                    senses[part, word, place] = number
    return senses


def isAgent(a, b):
    """Whether one is who or what does the other, or its doing: a printer is no print, and a painting no paint."""
    shorter, longer = sorted((a, b), key=len)
    return longer.endswith(("ing", "er", "or", "ist", "ee", "ant", "ess", "man")) and longer[:3] == shorter[:3]


def groups(folder):
    """Groups of names that mean the same, by WordNet."""
    senses = common(folder)
    synsets, found = {}, []
    for part, name in (("n", "noun"), ("v", "verb"), ("a", "adj")):
        for line in lines(folder, "data." + name):
            fields = line.split("|")[0].split()
            place, count = fields[0], int(fields[3], 16)
            words = [plain(fields[4 + 2 * i]) for i in range(count)]
            kinds = [fields[4 + 2 * i] for i in range(count)]
            pointers, at = [], 4 + 2 * count
            for i in range(int(fields[at])):
                symbol, target, kind, ends = fields[at + 1 + 4 * i:at + 5 + 4 * i]
                pointers.append((symbol, target, "a" if kind == "s" else kind, int(ends[:2], 16), int(ends[2:], 16)))
            isName = any(kind[0].isupper() for kind in kinds)
            synsets[part, place] = (words, pointers, isName)
    for (part, place), (words, pointers, isName) in synsets.items():
        near = [word for word in words if WORD.match(word) and (part, word, place) in senses]
        if len(set(near)) > 1 and not isName:
            found.append(tuple(dict.fromkeys(near)))
        for symbol, target, kind, source, end in pointers:
            if symbol != "+" or (kind, target) not in synsets or source == 0 or end == 0:
                continue
            a, b = words[source - 1], synsets[kind, target][0][end - 1]
            # Only first senses: a word that has others is derived from one of them.
            if (a < b and WORD.match(a) and WORD.match(b) and senses.get((part, a, place)) == 1
                    and senses.get((kind, b, target)) == 1 and not isAgent(a, b)):
                found.append((a, b))
    return found


def antonyms(folder):
    """Pairs of adjectives and nouns that exclude each other."""
    found, synsets = [], {}
    for part, name in (("n", "noun"), ("a", "adj"), ("v", "verb")):
        for line in lines(folder, "data." + name):
            fields = line.split("|")[0].split()
            count = int(fields[3], 16)
            synsets[part, fields[0]] = [plain(fields[4 + 2 * i]) for i in range(count)], fields[4 + 2 * count:]
    for (part, _), (words, rest) in synsets.items():
        for i in range(int(rest[0])):
            symbol, target, kind, ends = rest[1 + 4 * i:5 + 4 * i]
            kind = "a" if kind == "s" else kind
            if symbol == "!" and (kind, target) in synsets:
                a = words[int(ends[:2], 16) - 1]
                b = synsets[kind, target][0][int(ends[2:], 16) - 1]
                if a < b and WORD.match(a) and WORD.match(b):
                    found.append((a, b))
    return found


def written():
    """The groups of alike.tsv: that mean the same, and of other things of one kind."""
    same, other = [], []
    with open(os.path.join(HERE, "alike.tsv"), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            sign, *words = line.rstrip("\n").split("\t")
            bad = [word for word in words if not WORD.match(word)]
            if sign not in "=~" or len(words) < 2 or bad:
                raise SystemExit(f"alike.tsv:{number}: expected = or ~, and two names or more: {line!r} {bad}")
            (same if sign == "=" else other).append(tuple(words))
    return same, other


def padded(data):
    return data + bytes(-len(data) % 8)


def file(same, other):
    """The bytes: header, sorted keys, where each key's groups begin, groups (times 2, plus 1 for those that exclude)."""
    of = collections.defaultdict(list)
    for number, (words, exclude) in enumerate([(w, 0) for w in same] + [(w, 1) for w in other]):
        for word in words:
            entry = number * 2 + exclude
            if entry not in of[key(word)]:
                of[key(word)].append(entry)
    for word in GENERIC:
        of[key(word)] = of[key(word)] + [0xFFFFFFFF]
    keys = sorted(of)
    starts = [0]
    for k in keys:
        starts.append(starts[-1] + len(of[k]))
    entries = [entry for k in keys for entry in of[k]]
    sections = [struct.pack(f"<{len(keys)}Q", *keys), struct.pack(f"<{len(starts)}I", *starts),
                struct.pack(f"<{len(entries)}I", *entries)]
    body = b"".join(padded(section) for section in sections)
    name = b"wordnet-3.0"
    head = struct.pack("<8sIIQQ", MAGIC, VERSION, HEADER, HEADER + len(body), digest(body))
    head += struct.pack("<8I", len(keys), len(entries), 0, 0, 0, 0, 0, 0) + struct.pack("<I", len(name)) + name
    return head + bytes(HEADER - len(head)) + body


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wordnet", help="a folder with data.noun and the others")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    folder = arguments.wordnet or wordnet()
    same, other = written()
    # In order of the files, each once.
    same = list(dict.fromkeys(same + sorted(set(groups(folder)))))
    other = list(dict.fromkeys(other + sorted(set(antonyms(folder)))))
    data = file(same, other)
    print(f"names.links: {len(same)} groups that mean the same, {len(other)} of other things, {len(data)} bytes, "
          f"SHA-256 {hashlib.sha256(data).hexdigest()}")
    if arguments.check:
        with open(LINKS, "rb") as made:
            return made.read() != data
    with open(LINKS, "wb") as made:
        made.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
