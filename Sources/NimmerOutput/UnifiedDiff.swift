/// Difference of two texts by lines, in the form that `diff -u` writes.
package struct UnifiedDiff: Sendable {
    /// A line of it: its sign (` `, `-`, `+`, or `@` for a head) and its text.
    package struct Line: Sendable, Hashable {
        package let sign: Character
        package let text: String
    }

    /// Lines around a change that are shown.
    private static let context = 3

    /// Lines, without the names of the files; none where both are the same.
    package let lines: [Line]

    package init(_ before: String, _ after: String) {
        let (old, new) = (Self.split(before), Self.split(after))
        let steps = Self.steps(old, new)
        var lines: [Line] = []
        var place = 0
        while let first = steps[place...].firstIndex(where: { $0.sign != " " }) {
            let begin = max(place, first - Self.context)
            var end = first
            var quiet = 0
            while end < steps.count, quiet <= 2 * Self.context {
                quiet = steps[end].sign == " " ? quiet + 1 : 0
                end += 1
            }
            end = max(first + 1, end - max(0, quiet - Self.context))
            let hunk = steps[begin..<end]
            let (above, below) = (
                steps[..<begin].count { $0.sign != "+" }, steps[..<begin].count { $0.sign != "-" }
            )
            lines.append(
                Line(
                    sign: "@",
                    text:
                        "@@ -\(above + 1),\(hunk.count { $0.sign != "+" }) +\(below + 1),\(hunk.count { $0.sign != "-" }) @@"
                ))
            lines += hunk
            place = end
        }
        self.lines = lines
    }

    /// The difference as a text, with the names of the files.
    package func text(_ old: String, _ new: String) -> String {
        let body = lines.map { $0.sign == "@" ? $0.text : "\($0.sign)\($0.text)" }
        return (["--- \(old)", "+++ \(new)"] + body).joined(separator: "\n")
    }

    private static func split(_ text: String) -> [String] {
        // As a Character, CR LF is one, and no line would end.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
            String(String.UnicodeScalarView($0))
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// Each line of both, with its sign: by the longest common subsequence of what lies between the common begin and end.
    private static func steps(_ old: [String], _ new: [String]) -> [Line] {
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = zip(old.dropFirst(head).reversed(), new.dropFirst(head).reversed()).prefix { $0 == $1 }.count
        let (a, b) = (Array(old[head..<(old.count - tail)]), Array(new[head..<(new.count - tail)]))
        var common = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in a.indices.reversed() {
            for j in b.indices.reversed() {
                common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : max(common[i + 1][j], common[i][j + 1])
            }
        }
        var steps = old[..<head].map { Line(sign: " ", text: $0) }
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
            if i < a.count, j < b.count, a[i] == b[j] {
                steps.append(Line(sign: " ", text: a[i]))
                (i, j) = (i + 1, j + 1)
            } else if i < a.count, j == b.count || common[i + 1][j] >= common[i][j + 1] {
                steps.append(Line(sign: "-", text: a[i]))
                i += 1
            } else {
                steps.append(Line(sign: "+", text: b[j]))
                j += 1
            }
        }
        return steps + old[(old.count - tail)...].map { Line(sign: " ", text: $0) }
    }
}
