#!/usr/bin/env python3
"""Writes the Swift types of all messages and their parts from Declarations/*.toml into Generated/.

    python3 Sources/NimmerWave/Messages/generate.py            writes what differs, removes what is not declared any more
    python3 Sources/NimmerWave/Messages/generate.py --check    names what differs, and fails

Python 3.11 (tomllib) is all it needs. The output is checked in, so that no build runs Python; a test holds it to the declarations
(docs/decisions/0023-messages-are-declared-once.md).

A type is a table: `is` (message, record or words), `doc` (its summary), and for messages `meaning` (the sentence of the JSON Schema); a
record with a `meaning` has a schema of its own. `others = true` keeps members that are not declared. A field is one line of its `fields`, in the order of the reference:

    key = { holds = "…", doc = "…" }       required; with optional = true or default = … it may be absent

| holds | Swift |
|---|---|
| token, region, gate, uuid, time | Token, Region, GateID, MessageID, Timestamp |
| text N, name N | String of at most N bytes; a name is not empty |
| number, number A..., number A...B, fraction, positive N, energy | Double: finite, at least A, within bounds, 0...1, above 0, at least 0 LF |
| whole A..., whole A...B, polarity | Int |
| truth | Bool |
| digest, media | ArtifactDigest, MediaType |
| opaque, anything | JSON: an object, any value |
| vector N | [Double] |
| list N KIND | a list of at most N elements of a kind |
| a name | the record or words of that name |

More of a field: `swift` (the property, where it is not the key in camel case), `start` (Swift code: the initialiser's default of a
field that messages must have), `last` (written behind all others), `omit_default` (not written where it has its default).
"""
import pathlib
import sys
import textwrap
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
SCALARS = {
    "token": "Token", "region": "Region", "gate": "GateID", "uuid": "MessageID", "time": "Timestamp", "text": "String",
    "name": "String", "number": "Double", "fraction": "Double", "positive": "Double", "energy": "Double", "whole": "Int",
    "polarity": "Int", "truth": "Bool", "opaque": "JSON", "anything": "JSON", "digest": "ArtifactDigest", "media": "MediaType",
}
# Enumerations of words that are written by hand, since the hot path knows them.
BY_HAND = {"EntityType", "Garden", "GateState", "MessageType"}
# A field of a reader is found by its place in a fixed list of so many.
MOST_FIELDS = 32


class Wrong(Exception):
    """A declaration that cannot be."""


class Kind:
    """What a field holds: its Swift type, its `FieldKind`, its bounds in words, and how a value of it is written."""

    def __init__(self, text, types):
        self.words = text.split()
        self.types = types
        name = self.words[0]
        self.element = Kind(" ".join(self.words[2:]), types) if name == "list" else None
        self.declared = types.get(name) or ({"is": "words"} if name in BY_HAND else None)
        if not (self.element or self.declared or name in SCALARS or name == "vector"):
            raise Wrong(f"'{text}' is no kind and no declared type")

    @property
    def name(self):
        return self.words[0]

    @property
    def bounds(self):
        """The numbers of `number A...B`; None where there is none."""
        low, high = self.words[1].split("...") if len(self.words) > 1 else ("", "")
        return low or None, high or None

    @property
    def swift(self):
        if self.element:
            return f"[{self.element.swift}]"
        if self.name == "vector":
            return "[Double]"
        return SCALARS.get(self.name, self.name)

    @property
    def code(self):
        """The `FieldKind` in Swift."""
        if self.element:
            return f".list({self.element.code}, {self.words[1]})"
        if self.declared:
            if self.declared["is"] != "words":
                return f".record({self.name}.fields)"
            special = {"GateState": ".gateState", "MessageType": ".name(64)"}
            return special.get(self.name, f".word({self.name}.allCases.map(\\.rawValue))")
        low, high = self.bounds if self.name in ("number", "whole") else (None, None)
        if self.name == "number":
            return ".finite" if not low else f".number({low}...{high})" if high else ".notNegative"
        if self.name == "whole":
            return f".whole({low}...{high or 'Int.max'})"
        if self.name in ("text", "name", "positive", "vector"):
            return f".{self.name}({self.words[1]})"
        return {"gate": ".token"}.get(self.name, f".{self.name}")

    @property
    def range(self):
        """Its bounds, for the documentation of a property; empty where it has none."""
        if self.name in ("text", "name"):
            return f"at most {self.words[1]} bytes"
        if self.name == "fraction":
            return "0…1"
        if self.name == "energy":
            return "at least 0"
        if self.name == "positive":
            return f"above 0, at most {self.words[1]}"
        if self.name in ("number", "whole") and self.bounds[0]:
            low, high = self.bounds
            return f"{low}…{high}" if high else f"at least {low}"
        if self.name == "vector":
            return f"at most {self.words[1]} numbers"
        return f"at most {self.words[1]}" if self.element else ""

    def literal(self, value):
        """A default as Swift code."""
        if self.name == "anything" and value == "null":
            return ".null"
        if self.declared and self.declared["is"] == "words":
            return f".{case(value)}"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return f'"{value}"'
        if isinstance(value, (list, dict)):
            return "[]" if isinstance(value, list) else "[:]"
        return str(value)

    def plain(self, value):
        """Swift code of what the writer takes for a value."""
        if self.name in ("token", "region", "gate", "digest", "media"):
            return f"{value}.text"
        if self.name == "GateState":
            return f"{value}.word"
        if self.declared and self.declared["is"] == "words":
            return f"{value}.rawValue"
        return f"Double({value})" if self.swift == "Int" else value

    def member(self, key, value, out="out"):
        """Swift code that writes a member of an object."""
        if self.element or self.name == "vector":
            return f'{out}.member("{key}", list: {value}) {{ {self.item} }}'
        if self.declared and self.declared["is"] != "words":
            return f'{out}.member("{key}") {{ {value}.write(&$0) }}'
        return f'{out}.member("{key}", {self.plain(value)})'

    @property
    def item(self):
        """Swift code that writes $0, an element of a list, to $1."""
        element = self.element or Kind("number", self.types)
        if element.element:
            return f"$1.list($0) {{ {element.item} }}"
        if element.declared and element.declared["is"] != "words":
            return "$0.write(&$1)"
        return f"$1.write({element.plain('$0')})"


class Field:
    """One field of a message or record."""

    KNOWN = {"holds", "doc", "swift", "optional", "default", "start", "last", "omit_default"}

    def __init__(self, key, given, types):
        for name in given.keys() - self.KNOWN:
            raise Wrong(f"{key}: '{name}' is not known")
        self.key, self.kind, self.doc = key, Kind(given["holds"], types), given["doc"]
        self.property = given.get("swift") or camel(key)
        self.is_optional = given.get("optional", False)
        self.default = self.kind.literal(given["default"]) if "default" in given else None
        self.start = given.get("start")
        self.is_last, self.omits = given.get("last", False), given.get("omit_default", False)
        if self.is_optional and self.default:
            raise Wrong(f"{key}: optional fields have no default")
        if self.kind.code == ".opaque" and given.get("default", {}) != {}:
            raise Wrong(f"{key}: an opaque field that is absent is an empty object")

    @property
    def type(self):
        return self.kind.swift + ("?" if self.is_optional else "")

    @property
    def documentation(self):
        extent = self.kind.range
        text = self.doc[:-1] if self.doc.endswith(".") else self.doc
        is_told = not extent or extent in text or extent.replace("…", " to ") in text
        return f"{text}." if is_told else f"{text} ({extent})."

    @property
    def parameter(self):
        start = "nil" if self.is_optional else self.default or self.start
        return f"{self.property}: {self.type}" + (f" = {start}" if start else "")

    def declaration(self):
        word = "optional" if self.is_optional or self.default else "required"
        return f'.{word}("{self.key}", {self.kind.code}, "{self.doc}"),'

    def reading(self, place):
        if self.is_optional:
            return f"{self.property} = try fields.optional({place})"
        if self.default and self.kind.code == ".opaque":
            return f"{self.property} = try fields.opaque({place})"
        if self.default:
            return f"{self.property} = try fields.optional({place}) ?? {self.default}"
        return f"{self.property} = try fields.required({place})"

    def writing(self):
        member = self.kind.member(self.key, self.property)
        if self.is_optional:
            return f"if let {self.property} {{ {member} }}"
        return f"if {self.property} != {self.default} {{ {member} }}" if self.omits else member


def camel(key):
    special = {"id": "ID", "lf": "LF", "ms": "Milliseconds"}
    first, *rest = key.split("_")
    return first + "".join(special.get(part, part.capitalize()) for part in rest)


def case(word):
    return camel(word.lower().replace("-", "_"))


def comment(text, indent=""):
    lines = textwrap.wrap(text, 116 - len(indent), break_long_words=False)
    return [f"{indent}/// {line}" for line in lines]


def structure(name, given, types):
    """The lines of a message or record."""
    is_message, keeps = given["is"] == "message", given.get("others", False)
    fields = [Field(key, field, types) for key, field in given["fields"].items()]
    if len(fields) > MOST_FIELDS:
        raise Wrong(f"{name} has more than {MOST_FIELDS} fields")
    is_published = not is_message and "meaning" in given
    protocols = "MessageBody" if is_message else "PublishedRecord, FieldValue" if is_published else "MessageRecord, FieldValue"
    lines = comment(given["doc"]) + [f"public struct {name}: {protocols} {{"]
    for field in fields:
        lines += comment(field.documentation, "    ") + [f"    public var {field.property}: {field.type}"]
    if keeps:
        lines += comment("Members that are not declared, as they came.", "    ") + ["    public var others: JSONObject"]
    parameters = [field.parameter for field in fields] + (["others: JSONObject = [:]"] if keeps else [])
    lines += ["", f"    /// A {'body' if is_message else 'record'} of these values.", "    public init("]
    lines += [f"        {parameter}," for parameter in parameters[:-1]] + [f"        {parameters[-1]}", "    ) {"]
    lines += [f"        self.{field.property} = {field.property}" for field in fields]
    lines += ["        self.others = others"] if keeps else []
    lines += ["    }", ""]
    if is_published:
        lines += [f'    public static let meaning = "{given["meaning"]}"']
    if is_message:
        lines += [f"    public static let type = MessageType.{case_of_type(name)}"]
        lines += [f'    public static let meaning = "{given["meaning"]}"']
    else:
        lines += ["    /// The fields as they stand on the wire."]
    lines += ["    public static let fields: [Field] = ["]
    lines += [f"        {field.declaration()}" for field in fields] + ["    ]", ""]
    lines += ["    public init(_ fields: borrowing FieldReader) throws(Refusal) {"]
    lines += [f"        {field.reading(place)}" for place, field in enumerate(fields)]
    lines += ["        others = fields.others()"] if keeps else []
    lines += ["    }", "", "    public func write(_ out: inout MemberWriter) {", "        out.object { out in"]
    lines += [f"            {field.writing()}" for field in sorted(fields, key=lambda field: field.is_last)]
    lines += ["            out.members(others)"] if keeps else []
    return lines + ["        }", "    }", "}"]


def words(name, given, _):
    """The lines of an enumeration of words."""
    lines = comment(given["doc"]) + [f"public enum {name}: String, CaseIterable, Sendable, Hashable, FieldValue {{"]
    for word, doc in given["words"].items():
        value = f' = "{word}"' if case(word) != word else ""
        lines += comment(doc, "    ") + [f"    case {case(word)}{value}"]
    return lines + ["}"]


def case_of_type(name):
    return name[0].lower() + name[1:]


def message_types(messages, records):
    """The enumerations that have a case for each message, and the list of records that have a schema."""
    lines = ["/// The message types of protocol.md, Bodies."]
    lines += ["public enum MessageType: String, CaseIterable, Sendable, Hashable {"]
    for name, given in messages:
        lines += comment(given["meaning"], "    ") + [f'    case {case_of_type(name)} = "{name}"']
    lines += ["}", "", "/// A message of any type, for readers that take whatever comes: the tail, the checker, the recorder."]
    lines += ["public enum AnyMessage: Sendable, Hashable {"]
    for name, given in messages:
        lines += comment(given["meaning"], "    ") + [f"    case {case_of_type(name)}(Envelope<{name}>)"]
    lines += ["", "    /// Reads the body that a head names.", "    init(_ header: Header, _ body: JSONObject) throws(Refusal) {"]
    lines += ["        switch header.messageType {"]
    lines += [f"        case .{case_of_type(name)}: self = .{case_of_type(name)}(try Envelope(header, body))" for name, _ in messages]
    lines += ["        }", "    }", "", "    /// Header: its sender and time.", "    public var header: Header {", "        switch self {"]
    lines += [f"        case .{case_of_type(name)}(let message): message.header" for name, _ in messages]
    lines += ["        }", "    }", "", "    /// Every type of body."]
    lines += ["    public static let bodies: [any MessageBody.Type] = ["]
    lines += [f"        {name}.self," for name, _ in messages] + ["    ]", ""]
    lines += ["    /// Records that stand where any value may, each with its own schema.", "    public static let records: [any PublishedRecord.Type] = ["]
    return lines + [f"        {name}.self," for name in records] + ["    ]", "}"]


def generated():
    """Every file by its name."""
    types, origin = {}, {}
    for file in sorted((HERE / "Declarations").glob("*.toml")):
        for name, given in tomllib.loads(file.read_text()).items():
            if name in types:
                raise Wrong(f"{name} is declared twice")
            types[name], origin[name] = given, file.name
    files = {}
    for name, given in types.items():
        make = words if given["is"] == "words" else structure
        try:
            files[f"{name}.swift"] = text(make(name, given, types), origin[name])
        except (Wrong, KeyError) as error:
            raise Wrong(f"{origin[name]}, {name}: {error}") from error
    messages = [(name, given) for name, given in types.items() if given["is"] == "message"]
    records = [name for name, given in types.items() if given["is"] == "record" and "meaning" in given]
    files["MessageType.swift"] = text(message_types(messages, records), "*.toml")
    return files


def text(lines, origin):
    head = [f"// Written by Messages/generate.py from Messages/Declarations/{origin}: change that.", "// swift-format-ignore-file", ""]
    return "\n".join(head + lines) + "\n"


def main():
    folder, files = HERE / "Generated", generated()
    present = {path.name: path.read_text() for path in folder.glob("*.swift")}
    differing = sorted(name for name in files.keys() | present.keys() if files.get(name) != present.get(name))
    if "--check" in sys.argv:
        for name in differing:
            print(f"Generated/{name} differs from the declarations; run generate.py")
        return 1 if differing else 0
    folder.mkdir(exist_ok=True)
    for name in differing:
        if name in files:
            (folder / name).write_text(files[name])
        else:
            (folder / name).unlink()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as error:
        sys.exit(f"generate.py: {error}")
