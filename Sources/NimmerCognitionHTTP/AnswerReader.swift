import NimmerCognition
import NimmerWave

/// Puts an answer together from the bytes of a body, as a value: no clock, no connection (architecture.md, rule 1).
///
/// Holds to the bounds while it reads: a line, the text, and (through ``bodyBound(_:)``) the whole body.
struct AnswerReader {
    /// Separation of the JSON values of a body.
    enum Framing: Equatable {
        /// `data: {…}` lines.
        case events
        /// One value a line.
        case lines
        /// One value.
        case whole
    }

    private let dialect: any Dialect
    private let framing: Framing
    private let began: ContinuousClock.Instant
    private let textBound: Int
    private let lineBound: Int
    private var line: [UInt8] = []
    private var answer: MindAnswer
    private var finish: String?
    private var isOver = false

    init(
        _ dialect: any Dialect, type: String, question: MindQuestion, began: ContinuousClock.Instant
    ) throws(MindError) {
        self.dialect = dialect
        self.began = began
        framing =
            switch type {
            case "text/event-stream": .events
            case "application/x-ndjson": .lines
            default: dialect is OllamaDialect ? .lines : .whole
            }
        textBound = question.maximumAnswerBytes
        // JSON may write each byte as six, and a reasoning model puts its reasoning beside the text.
        lineBound = question.maximumAnswerBytes * 6 + 65_536
        answer = MindAnswer(text: [], model: "", milliseconds: 0)
    }

    /// Bytes of a body: a stream repeats some 300 bytes with each token.
    static func bodyBound(_ question: MindQuestion) -> Int {
        question.maximumAnswerBytes * 6 + question.maximumTokens * 2_048 + 262_144
    }

    /// Takes more of the body; gives the answer once it is whole.
    mutating func take(_ bytes: ArraySlice<UInt8>, at now: ContinuousClock.Instant) throws(MindError) -> MindAnswer? {
        var rest = bytes
        while let end = framing == .whole ? nil : rest.firstIndex(of: 0x0a) {
            line += rest[..<end]
            rest = rest[(end + 1)...]
            try bound()
            try finishLine(at: now)
            if isOver { return whole(at: now) }
        }
        line += rest
        try bound()
        return nil
    }

    /// The body is over.
    mutating func finish(at now: ContinuousClock.Instant) throws(MindError) -> MindAnswer {
        try finishLine(at: now)
        guard isOver || finish != nil else {
            throw MindError(.truncated, "the server's answer was cut off")
        }
        return whole(at: now)
    }

    private func bound() throws(MindError) {
        guard line.count <= lineBound else {
            throw MindError(.tooLarge, "the server sent a line of more than \(lineBound) bytes")
        }
    }

    private mutating func finishLine(at now: ContinuousClock.Instant) throws(MindError) {
        defer { line.removeAll(keepingCapacity: true) }
        guard let value = payload, !value.isEmpty else { return }
        if framing == .events, value.elementsEqual("[DONE]".utf8) {
            isOver = true
            return
        }
        let json: JSON
        do { json = try JSON(parsing: Array(value)) } catch {
            throw MindError(.malformed, "the server's answer is not JSON: \(error.code)")
        }
        try add(dialect.piece(json), at: now)
        if framing == .whole { isOver = true }
    }

    /// The JSON text of the line; nil for the lines of a stream that carry none (comments, names of events, blank ones).
    private var payload: ArraySlice<UInt8>? {
        var text = line[...]
        if text.last == 0x0d { text = text.dropLast() }
        guard framing == .events else { return text.drop { $0 == 0x20 } }
        for prefix in ["data:", "error:"] where text.starts(with: prefix.utf8) {
            return text.dropFirst(prefix.utf8.count).drop { $0 == 0x20 }
        }
        return nil
    }

    private mutating func add(_ piece: AnswerPiece, at now: ContinuousClock.Instant) throws(MindError) {
        if !piece.text.isEmpty {
            if answer.text.isEmpty, framing != .whole { answer.firstTokenMilliseconds = milliseconds(until: now) }
            answer.text += piece.text.utf8
            guard answer.text.count <= textBound else {
                throw MindError(.tooLarge, "the answer is longer than \(textBound) bytes")
            }
        }
        if let model = piece.model { answer.model = ServerWords.plain(model) }
        finish = piece.finish ?? finish
        answer.promptTokens = piece.promptTokens ?? answer.promptTokens
        answer.completionTokens = piece.completionTokens ?? answer.completionTokens
        answer.tokensPerSecond = piece.tokensPerSecond ?? answer.tokensPerSecond
        if piece.isLast { isOver = true }
    }

    private func whole(at now: ContinuousClock.Instant) -> MindAnswer {
        var answer = answer
        answer.milliseconds = milliseconds(until: now)
        answer.finish =
            switch finish {
            case "stop": .stop
            case "length": .length
            case nil: .other("none")
            case let word?: .other(word.utf8.count <= 64 && word.utf8.allSatisfy(Self.isPlain) ? word : "unknown")
            }
        return answer
    }

    /// Returns whether a byte may stand in a server's word for why it stopped: `content_filter`.
    private static func isPlain(_ byte: UInt8) -> Bool { byte == 0x5f || (0x61...0x7a).contains(byte) }

    private func milliseconds(until now: ContinuousClock.Instant) -> Double {
        (now - began) / .milliseconds(1)
    }
}
