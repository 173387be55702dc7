"""The reference tokenizer: a region's name as text, and text as pieces, by the rules of BERT (uncased).

Written from the rules and not from the table's sections, so that golden lists check both. Order as in the model's tokenizer.json: control
characters are dropped, CJK characters stand alone, canonical decomposition without marks, lower case, punctuation stands alone.
"""
import unicodedata

BOUND = 256
LONGEST_WORD = 100
SEPARATORS = ".-_/:"
CJK = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF),
       (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]


def is_space(c):
    return c in " \t\n\r" or unicodedata.category(c) == "Zs" or c in "\u2028\u2029"


def is_control(c):
    return c in "\0\ufffd" or (c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Cf", "Co"))


def is_punctuation(c):
    code = ord(c)
    if 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126:
        return True
    return unicodedata.category(c).startswith("P")


def is_cjk(c):
    return any(low <= ord(c) <= high for low, high in CJK)


def folded(c):
    """A character without its marks, in lower case."""
    bare = "".join(d for d in unicodedata.normalize("NFD", c) if unicodedata.category(d) != "Mn")
    return "".join(d.lower() for d in bare)


def text_of(name):
    """A name's text: at most 256 bytes; separators and the boundaries of camelCase become spaces (docs/spec/iris.md, Embeddings)."""
    if len(name.encode()) > BOUND:
        name = name.encode()[:BOUND].decode(errors="ignore")
    out = []
    for place, c in enumerate(name):
        if c in SEPARATORS:
            out.append(" ")
            continue
        before = name[place - 1] if place > 0 else " "
        after = name[place + 1] if place + 1 < len(name) else " "
        if c.isascii() and c.isupper():
            if (before.isascii() and (before.islower() or before.isdigit())) or (
                    before.isascii() and before.isupper() and after.isascii() and after.islower()):
                out.append(" ")
        out.append(c)
    return "".join(out)


def words(text):
    """The words of a text."""
    clean = []
    for c in text:
        if is_space(c):
            clean.append(" ")
        elif is_control(c):
            continue
        elif is_cjk(c):
            clean.append(f" {c} ")
        else:
            clean.append(c)
    bare = "".join(c for c in unicodedata.normalize("NFD", "".join(clean)) if unicodedata.category(c) != "Mn")
    lower = "".join(c.lower() for c in bare)
    found, word = [], ""
    for c in lower:
        if is_space(c) or is_punctuation(c):
            if word:
                found.append(word)
            word = ""
            if is_punctuation(c):
                found.append(c)
        else:
            word += c
    return found + ([word] if word else [])


def pieces(text, vocabulary):
    """The pieces of a text; a word that cannot be put together of known pieces has none of its own."""
    found = []
    for word in words(text):
        if len(word) > LONGEST_WORD:
            continue
        start, parts = 0, []
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in vocabulary:
                    parts.append(piece)
                    start = end
                    break
            else:
                parts = []
                break
        found += parts
    return found
