import CYAML
import NimmerSystem

/// Reads YAML text into a tree that remembers places; the only user of libyaml.
///
/// Everything is bounded, so that no text can exhaust the machine: bytes, depth, nodes (aliases count as often as they
/// are used) and anchors. Keys that occur twice, keys that are not text, tags and a second document are refused.
public struct YAMLParser {
    /// Limits of a text.
    public struct Limits: Sendable {
        /// Bytes of text.
        public var bytes = 1 << 20
        /// Mappings and lists within each other.
        public var depth = 32
        /// Values in the tree, those that aliases repeat included.
        public var nodes = 100_000
        /// Anchors (`&name`).
        public var anchors = 256

        /// The limits of a system file: 1 MiB, 32 deep, 100,000 values, 256 anchors.
        public init() {}
    }

    private let file: String
    private let limits: Limits
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var nodes = 0
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]

    /// Parses a text.
    ///
    /// - Parameters:
    ///   - text: UTF-8 bytes; one YAML document.
    ///   - file: what a refusal calls the text.
    ///   - limits: what it may be at most.
    /// - Throws: `SystemError` with the place, when it is not YAML or more than the limits allow.
    public static func parse(_ text: [UInt8], file: String, limits: Limits = Limits()) throws(SystemError) -> YAMLNode {
        guard text.count <= limits.bytes else {
            throw SystemError(
                .tooLarge, file: file, mark: .start, found: "\(text.count) bytes",
                expected: "at most \(limits.bytes)")
        }
        guard !text.starts(with: [0xff, 0xfe]), !text.starts(with: [0xfe, 0xff]) else {
            throw SystemError(
                .syntax, file: file, mark: .start, found: "a text in UTF-16",
                expected: "UTF-8: iconv -f UTF-16 -t UTF-8")
        }
        // A byte order mark is no part of the text.
        let text = text.starts(with: [0xef, 0xbb, 0xbf]) ? text.dropFirst(3) : text[...]
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) != 0 else {
            throw SystemError(
                .unreadable, file: file, mark: .start, found: "no memory for a YAML parser", expected: "free memory")
        }
        defer { yaml_parser_delete(parser) }
        let result: Result<YAMLNode, SystemError> = text.withUnsafeBufferPointer { bytes in
            yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            var reader = YAMLParser(file: file, limits: limits, parser: parser)
            do throws(SystemError) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private init(file: String, limits: Limits, parser: UnsafeMutablePointer<yaml_parser_t>) {
        self.file = file
        self.limits = limits
        self.parser = parser
    }

    private mutating func document() throws(SystemError) -> YAMLNode {
        var root = YAMLNode(.mapping([]))
        while true {
            let event = try next()
            switch event {
            case .streamStart, .documentEnd: continue
            case .documentStart(let mark, let isFirst):
                guard isFirst else {
                    throw SystemError(
                        .invalid, file: file, mark: mark, found: "a second document", expected: "one document a file")
                }
                let first = try next()
                root = try node(first, depth: 0)
            case .streamEnd: return root
            case .scalar, .alias, .open, .close: continue
            }
        }
    }

    private mutating func node(_ event: Event, depth: Int) throws(SystemError) -> YAMLNode {
        try count(1, at: event.mark)
        let before = nodes
        let node: YAMLNode
        switch event {
        case .alias(let mark, let name):
            guard let anchor = anchors[name] else {
                throw SystemError(
                    .invalid, file: file, mark: mark, found: "*\(name)",
                    expected: "an anchor &\(name) that ends before it")
            }
            try count(anchor.size, at: mark)
            return YAMLNode(anchor.node.content, mark: mark)
        case .scalar(let mark, _, let text, let quoted):
            node = YAMLNode(.scalar(text, quoted: quoted), mark: mark)
        case .open(let mark, _, let isMapping):
            guard depth < limits.depth else {
                throw SystemError(
                    .tooLarge, file: file, mark: mark, found: "a value \(depth + 1) levels deep",
                    expected: "at most \(limits.depth) levels")
            }
            node = YAMLNode(isMapping ? try mapping(depth: depth + 1) : try sequence(depth: depth + 1), mark: mark)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .close:
            node = YAMLNode(text: "")
        }
        if let name = event.anchor {
            guard anchors.count < limits.anchors else {
                throw SystemError(
                    .tooLarge, file: file, mark: event.mark, found: "too many anchors",
                    expected: "at most \(limits.anchors)")
            }
            anchors[name] = (node, nodes - before)
        }
        return node
    }

    private mutating func sequence(depth: Int) throws(SystemError) -> YAMLNode.Content {
        var elements: [YAMLNode] = []
        while true {
            let event = try next()
            if case .close = event { return .sequence(elements) }
            elements.append(try node(event, depth: depth))
        }
    }

    private mutating func mapping(depth: Int) throws(SystemError) -> YAMLNode.Content {
        var entries: [YAMLNode.Entry] = []
        var places: [String: YAMLMark] = [:]
        while true {
            let event = try next()
            if case .close = event { return .mapping(entries) }
            guard case .scalar(let mark, _, let key, _) = event else {
                throw SystemError(
                    .invalid, file: file, mark: event.mark, found: "a key that is not text",
                    expected: "a plain key such as `name:`")
            }
            if let earlier = places[key] {
                throw SystemError(
                    .duplicate, file: file, mark: mark, found: "the key '\(key)' again",
                    expected: "each key once (it is on line \(earlier.line) already)")
            }
            places[key] = mark
            try count(1, at: mark)
            let first = try next()
            entries.append(YAMLNode.Entry(key: key, mark: mark, value: try node(first, depth: depth)))
        }
    }

    private mutating func count(_ more: Int, at mark: YAMLMark) throws(SystemError) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw SystemError(
                .tooLarge, file: file, mark: mark, found: "too many values",
                expected: "at most \(limits.nodes), aliases included")
        }
    }

    /// libyaml's events without its memory.
    private enum Event {
        case streamStart
        case streamEnd(YAMLMark)
        case documentStart(YAMLMark, isFirst: Bool)
        case documentEnd
        case alias(YAMLMark, name: String)
        case scalar(YAMLMark, anchor: String?, text: String, quoted: Bool)
        case open(YAMLMark, anchor: String?, isMapping: Bool)
        case close(YAMLMark)

        var mark: YAMLMark {
            switch self {
            case .streamStart, .documentEnd: .start
            case .streamEnd(let mark), .documentStart(let mark, _), .alias(let mark, _), .scalar(let mark, _, _, _),
                .open(let mark, _, _), .close(let mark):
                mark
            }
        }

        var anchor: String? {
            switch self {
            case .scalar(_, let anchor, _, _), .open(_, let anchor, _): anchor
            case .streamStart, .streamEnd, .documentStart, .documentEnd, .alias, .close: nil
            }
        }
    }

    private var documents = 0

    private mutating func next() throws(SystemError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) != 0 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        let mark = YAMLMark(line: event.start_mark.line + 1, column: event.start_mark.column + 1)
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT:
            documents += 1
            return .documentStart(mark, isFirst: documents == 1)
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT:
            return .alias(mark, name: text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuse(tag: scalar.tag, at: mark)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                mark, anchor: text(scalar.anchor), text: String(decoding: bytes, as: UTF8.self),
                quoted: scalar.style != YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            try refuse(tag: event.data.sequence_start.tag, at: mark)
            return .open(mark, anchor: text(event.data.sequence_start.anchor), isMapping: false)
        case YAML_MAPPING_START_EVENT:
            try refuse(tag: event.data.mapping_start.tag, at: mark)
            return .open(mark, anchor: text(event.data.mapping_start.anchor), isMapping: true)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .close(mark)
        default: return .streamEnd(mark)
        }
    }

    private func refuse(tag: UnsafeMutablePointer<yaml_char_t>?, at mark: YAMLMark) throws(SystemError) {
        guard let tag = text(tag) else { return }
        throw SystemError(
            .invalid, file: file, mark: mark, found: "the tag '\(tag)'", expected: "a value without a tag")
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func syntaxError() -> SystemError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "text that is not YAML"
        let place = parser.pointee.problem_mark
        let mark = YAMLMark(line: Int(place.line) + 1, column: Int(place.column) + 1)
        let context = parser.pointee.context.map { " " + String(cString: $0) } ?? ""
        return SystemError(
            .syntax, file: file, mark: mark, found: "invalid YAML: \(problem)\(context)",
            expected: "YAML (indentation by spaces, `key: value`)")
    }
}
