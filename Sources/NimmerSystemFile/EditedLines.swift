import NimmerSystem

/// A text by lines and characters, as places of YAML count them.
struct EditedLines {
    private var lines: [[Unicode.Scalar]]

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self).unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    }

    var bytes: [UInt8] {
        var text = String.UnicodeScalarView()
        for (number, line) in lines.enumerated() {
            if number > 0 { text.append("\n") }
            text.append(contentsOf: line)
        }
        return Array(String(text).utf8)
    }

    func character(at mark: YAMLMark) -> Unicode.Scalar? {
        guard lines.indices.contains(mark.line - 1), lines[mark.line - 1].indices.contains(mark.column - 1) else {
            return nil
        }
        return lines[mark.line - 1][mark.column - 1]
    }

    /// Puts a text into the line of a place, so many characters behind it.
    mutating func insert(_ text: String, behind mark: YAMLMark, _ count: Int) -> Bool {
        guard lines.indices.contains(mark.line - 1), mark.column - 1 + count <= lines[mark.line - 1].count else {
            return false
        }
        lines[mark.line - 1].insert(contentsOf: Array(text.unicodeScalars), at: mark.column - 1 + count)
        return true
    }

    /// Puts a line below that of a key, with the key's indentation.
    mutating func insert(_ text: String, below mark: YAMLMark) -> Bool {
        guard lines.indices.contains(mark.line - 1) else { return false }
        let indentation = String(repeating: " ", count: mark.column - 1)
        put([indentation + text], below: mark)
        return true
    }

    /// Puts elements of a list below one, which begins with a dash.
    mutating func insert(_ texts: [String], belowElement mark: YAMLMark) -> Bool {
        guard lines.indices.contains(mark.line - 1), mark.column - 1 <= lines[mark.line - 1].count else { return false }
        var head = String.UnicodeScalarView()
        head.append(contentsOf: lines[mark.line - 1][..<(mark.column - 1)])
        put(texts.map { String(head) + $0 }, below: mark)
        return true
    }

    /// Puts a line above that of a key, with the key's indentation.
    ///
    /// - Returns: false where something else stands before the key, such as the dash of a list.
    mutating func insert(_ text: String, above mark: YAMLMark) -> Bool {
        guard lines.indices.contains(mark.line - 1), mark.column - 1 <= lines[mark.line - 1].count,
            lines[mark.line - 1][..<(mark.column - 1)].allSatisfy({ $0 == " " })
        else { return false }
        let ending: [Unicode.Scalar] = lines[mark.line - 1].last == "\r" ? ["\r"] : []
        let indentation = String(repeating: " ", count: mark.column - 1)
        lines.insert(Array((indentation + text).unicodeScalars) + ending, at: mark.line - 1)
        return true
    }

    /// Puts lines at the end.
    mutating func append(_ texts: [String]) {
        if lines.last?.isEmpty == true { lines.removeLast() }
        let ending: [Unicode.Scalar] = lines.last?.last == "\r" ? ["\r"] : []
        lines += texts.map { Array($0.unicodeScalars) + ending } + [[]]
    }

    /// Gives so many characters at a place another text.
    mutating func replace(at mark: YAMLMark, _ count: Int, with text: String) -> Bool {
        guard lines.indices.contains(mark.line - 1), mark.column - 1 + count <= lines[mark.line - 1].count else {
            return false
        }
        lines[mark.line - 1].replaceSubrange(
            (mark.column - 1)..<(mark.column - 1 + count), with: Array(text.unicodeScalars))
        return true
    }

    /// Number of characters from the bracket at a place to the one that closes it on the same line; nil where none does.
    func bracketed(at mark: YAMLMark) -> Int? {
        guard let first = character(at: mark), first == "[" || first == "{" else { return nil }
        var depth = 0
        var quote: Unicode.Scalar?
        for (place, scalar) in lines[mark.line - 1].enumerated().dropFirst(mark.column - 1) {
            if let open = quote {
                if scalar == open { quote = nil }
            } else if scalar == "\"" || scalar == "'" {
                quote = scalar
            } else if scalar == "[" || scalar == "{" {
                depth += 1
            } else if scalar == "]" || scalar == "}" {
                depth -= 1
                if depth == 0 { return place - (mark.column - 1) + 1 }
            }
        }
        return nil
    }

    /// The new lines end as the one above them does.
    private mutating func put(_ texts: [String], below mark: YAMLMark) {
        let ending: [Unicode.Scalar] = lines[mark.line - 1].last == "\r" ? ["\r"] : []
        lines.insert(contentsOf: texts.map { Array($0.unicodeScalars) + ending }, at: mark.line)
    }
}
