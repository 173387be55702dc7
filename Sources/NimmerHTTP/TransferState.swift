/// The head of an HTTP answer.
package struct HTTPHead: Equatable, Sendable {
    package let status: Int
    /// Names in lower case, as they came.
    package let fields: [HTTPField]

    /// The first field of a name that is given in lower case.
    package func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}

/// One header field.
package struct HTTPField: Equatable, Sendable {
    package let name: String
    package let value: String
}

/// The bytes of an answer between libcurl and one reader, as a value: no clock, no connection (architecture.md, rule 1).
///
/// Holds the head to ``headBound`` and what waits for the reader to ``waitingBound``, so that a fast server cannot fill the memory.
package struct TransferState {
    /// Result of taking a piece of the body.
    package enum Intake: Equatable {
        case taken
        /// Nothing was taken; the piece comes again once the transfer is resumed.
        case paused
        /// The transfer is over.
        case refused
    }

    /// Result for the reader.
    package enum Step<Value: Equatable & Sendable>: Equatable, Sendable {
        case ready(Value)
        case failed(TransferFailure)
        /// Nothing yet.
        case waiting
    }

    /// Bytes that the reader has not taken yet, and whether the transfer waits until they are.
    package struct Bytes: Equatable, Sendable {
        package let bytes: [UInt8]
        package let resumes: Bool

        package init(bytes: [UInt8], resumes: Bool) {
            self.bytes = bytes
            self.resumes = resumes
        }
    }

    /// Bytes of a head at most.
    package static let headBound = 81_920
    /// Bytes of a body that wait for the reader, beyond which the transfer pauses.
    package static let waitingBound = 262_144

    private enum Phase {
        case head(PartialHead)
        case body(HTTPHead, [UInt8], isPaused: Bool)
    }

    private enum End {
        case whole
        case failed(TransferFailure)
    }

    private var phase = Phase.head(PartialHead())
    private var end: End?

    package init() {}

    /// Indicates whether nothing more comes in.
    package var isOver: Bool { end != nil }

    /// Takes one line of a head; false refuses the answer. Trailers after a body are dropped.
    package mutating func receive(line: some Collection<UInt8>) -> Bool {
        guard end == nil else { return false }
        guard case .head(var head) = phase else { return true }
        guard head.size + line.count <= Self.headBound else {
            end = .failed(.notHTTP)
            return false
        }
        switch head.add(line) {
        case let whole?: phase = .body(whole, [], isPaused: false)
        case nil: phase = .head(head)
        }
        return true
    }

    /// Takes a piece of the body.
    package mutating func receive(body piece: some Collection<UInt8>) -> Intake {
        guard end == nil, case .body(let head, var bytes, _) = phase else { return .refused }
        // Without this, adding would copy what waits.
        phase = .body(head, [], isPaused: false)
        let isFull = !bytes.isEmpty && bytes.count + piece.count > Self.waitingBound
        if !isFull { bytes += piece }
        phase = .body(head, bytes, isPaused: isFull)
        return isFull ? .paused : .taken
    }

    /// The transfer is over; the text first holds.
    package mutating func finish(_ failure: TransferFailure?) {
        guard end == nil else { return }
        switch (failure, phase) {
        case (let failure?, _): end = .failed(failure)
        case (nil, .head): end = .failed(.closed)
        case (nil, .body): end = .whole
        }
    }

    /// The head, once it is whole.
    package func head() -> Step<HTTPHead> {
        if case .failed(.cancelled) = end { return .failed(.cancelled) }
        if case .body(let head, _, _) = phase { return .ready(head) }
        if case .failed(let failure) = end { return .failed(failure) }
        return .waiting
    }

    /// More of the body; nil once it is over. What came before a failure is given first.
    package mutating func next() -> Step<Bytes?> {
        if case .failed(.cancelled) = end { return .failed(.cancelled) }
        if case .body(let head, let bytes, let isPaused) = phase, !bytes.isEmpty {
            phase = .body(head, [], isPaused: false)
            return .ready(Bytes(bytes: bytes, resumes: isPaused))
        }
        return switch end {
        case .failed(let failure): .failed(failure)
        case .whole: .ready(nil)
        case nil: .waiting
        }
    }
}

/// The lines of a head that is not whole yet.
private struct PartialHead {
    private(set) var size = 0
    private var status = 0
    private var fields: [HTTPField] = []

    /// Takes a line with its end; gives the head at the empty line after it.
    mutating func add(_ line: some Collection<UInt8>) -> HTTPHead? {
        size += line.count
        let text = String(decoding: line, as: UTF8.self)
        let words = text.prefix { !$0.isNewline }
        if words.hasPrefix("HTTP/") {
            // A final answer may follow one that is provisional (1xx).
            status = words.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            fields = []
        } else if words.isEmpty {
            return status >= 200 ? HTTPHead(status: status, fields: fields) : nil
        } else if let colon = words.firstIndex(of: ":") {
            var value = words[words.index(after: colon)...]
            while value.first?.isWhitespace == true { value.removeFirst() }
            while value.last?.isWhitespace == true { value.removeLast() }
            fields.append(HTTPField(name: words[..<colon].lowercased(), value: String(value)))
        }
        return nil
    }
}
