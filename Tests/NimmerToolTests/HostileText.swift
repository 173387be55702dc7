import NimmerBus
import NimmerOutput
import NimmerWave
import Synchronization

@testable import nimmer

/// Text that somebody outside chose so that a terminal does something with it.
enum Hostile {
    /// Writes to the clipboard, clears the screen, colours, turns the direction, hides, begins a line of its own.
    static let text =
        "x\u{1b}]52;c;aGk=\u{7}\u{1b}[2J\u{1b}[5;31mRED\u{9b}31m\u{9d}0;t\u{9c}\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{200d}\u{2060}"
        + "\u{feff}\u{ad}\u{2028}\u{e0041}\u{3164}\r\n!forged\t\u{8}\u{7f}\u{301}"
    /// The same without what no argument or subject may have.
    static let word = "x\u{9b}31m\u{9d}0;t\u{9c}\u{202e}\u{2066}\u{200f}\u{200b}\u{200d}\u{feff}\u{e0041}\u{3164}y"

    /// What of an output would do something; empty when it is harmless.
    ///
    /// - Parameter isTerminal: the lines end as a terminal gets them, and the tool's own sequences of colour are no danger.
    static func dangers(_ bytes: [UInt8], isTerminal: Bool = false) -> [String] {
        guard var text = String(validating: bytes, as: UTF8.self) else { return ["no UTF-8"] }
        if isTerminal {
            text = text.split(separator: "\r\n", omittingEmptySubsequences: false).joined(separator: "\n")
            for code in ["0"] + Paint.Ink.all.map(\.rawValue) {
                text = text.split(separator: "\u{1b}[\(code)m", omittingEmptySubsequences: false).joined()
            }
        }
        var found = text.unicodeScalars.filter { $0 != "\n" && $0.isHidden && !$0.isVariation }.map {
            "U+\(String($0.value, radix: 16))"
        }
        if text.split(whereSeparator: \.isNewline).contains(where: { $0.drop { $0 == " " }.hasPrefix("!forged") }) {
            found.append("a forged line")
        }
        return found.isEmpty ? [] : found + [text]
    }

    /// A thalamus, a bridge and a cell that say nothing else, and messages of every kind that mention it.
    static func answer(on bus: any Bus) async throws {
        let gate: JSON = [
            "gate_id": .string(text), "region": .string(text), "state": "open", "potential": 0.2, "weight": 0.1,
            "kept_from_opening": [.string(text)], "window_ms": 1000,
            "opening": [
                "transition_id": .string(text),
                "witnesses": [["origin": .string(text), "source": .string(text + "2")]],
            ],
            "witnesses": [["origin": .string(text), "in_window": true]], "steps": [["origin": .string(text)]],
        ]
        var everything = gate.object ?? [:]
        everything["gates"] = [gate]
        everything["answers"] = .string(text)
        everything["commands"] = .string(text)
        everything["allowed"] = [.string(text)]
        everything["unusable"] = [.string(text)]
        everything["minds"] = [
            [
                "name": .string(text), "state": .string(text), "url": .string(text), "model": .string(text),
                "trouble": .string(text),
            ]
        ]
        everything["then"] = [
            "action": .string(text), "commands": [["target": .string(text), "command": .string(text)]],
        ]
        everything["asked"] = [["mind": .string(text), "verdict": .string(text)]]
        everything["differences"] = [["key": .string(text)]]
        everything["waiting"] = [["region": .string(text), "waits_for": .string(text), "expires_at": .string(text)]]
        everything["id"] = .string(text)
        everything["text"] = .string(text)
        let all = JSON.object(everything)
        let pending: JSON = [
            [
                "decision": .string(text), "state": .string(text), "region": .string(text), "action": .string(text),
                "commands": [["target": .string(text), "command": .string(text), "payload": [text: .string(text)]]],
            ]
        ]
        let budget: JSON = [
            "minds": [text: ["shortage": .string(text)]], "regions": [text: [:]],
            "waiting": everything["waiting"] ?? [],
        ]
        _ = try await bus.subscribe(SubjectPattern("dev.>"), queue: nil, pending: 1000) { _, payload, arrival in
            guard let reply = arrival.reply,
                let order = try? Envelope<Command>(decoding: Array(payload.withUnsafeBytes { Array($0) })).body
            else { return }
            let isRefused = ["approve", "refuse", "fail"].contains(order.command)
            let result: JSON =
                switch order.command {
                case "pending": pending
                case "budget": budget
                default: all
                }
            let body = CommandResult(
                status: isRefused ? .refused : .ok, result: isRefused ? [:] : result, error: isRefused ? text : nil)
            try? bus.publish(
                reply,
                payload: Envelope(
                    id: .v7(), at: .now(), from: Source(entityID: "x", entityType: .service), body
                ).encoded())
        }
        _ = try await bus.subscribe(SubjectPattern("$SRV.>"), queue: nil, pending: 1000) { subject, _, arrival in
            guard let reply = arrival.reply else { return }
            let subject = String(decoding: subject.withUnsafeBytes { Array($0) }, as: UTF8.self)
            for name in ["thalamus", "cognition-bridge", "door", text]
            where subject.split(separator: ".").count < 3
                || subject.hasSuffix("." + name)
            {
                let said: JSON = [
                    "name": .string(name), "id": .string(name + text), "version": .string(text),
                    "description": .string(text), "metadata": ["kind": .string(text), "boundary": .string(text)],
                    "endpoints": [["subject": "dev.>", "num_requests": 1, "data": [:]]],
                    "data": [
                        "why": .string(text), "degraded": .string(text),
                        "outbox": ["waiting": 3, "trouble": .string(text), "journal": ["trouble": .string(text)]],
                    ],
                ]
                try? bus.publish(reply, payload: said.bytes)
            }
        }
    }

    /// Messages of many kinds, good and refused, that mention it.
    static func messages() throws -> [(subject: Subject, payload: [UInt8])] {
        let source = Source(entityID: "door", entityType: .cell)
        let door = try Token("door")
        let id = MessageID.v7()
        let wave = WaveSignal(
            domain: door, confidence: 0.9, semanticContent: [text: .string(text)], lifeforceCost: 0)
        let reject = Reject(
            service: door, subject: text, reason: text, field: text, excerpt: text, rejected: 1)
        let response = CognitiveResponse(
            requestID: id, decision: text, result: ["reason": .string(text)], downstreamCommands: [], mind: nil,
            boundary: .deterministic, lifeforceSpent: 0, processingTimeMilliseconds: 3, outcome: .answered)
        let waves = Subject.wave(.dev, cell: door)
        return [
            (waves, Envelope(id: id, at: .now(), from: source, wave).encoded()),
            (
                try Subject(foreign: "dev.nervous.rejects.door"),
                Envelope(id: id, at: .now(), from: source, reject).encoded()
            ),
            (
                try Subject(foreign: "dev.cognitive.bridge.response"),
                Envelope(id: id, at: .now(), from: source, response).encoded()
            ),
            (waves, Array(text.utf8)), (waves, [0x7b, 0x9b, 0x33, 0x31, 0x6d, 0x80, 0x9f]),
            (waves, Array(#"{"header":{"message_id":"\#(word)"}}"#.utf8)),
            (try Subject(foreign: "dev.nervous.cells.\(word).wave"), Array(#"{"\#(word)":1}"#.utf8)),
        ]
    }
}

extension Paint.Ink {
    static let all: [Paint.Ink] = [
        .strong, .quiet, .nervous, .cognitive, .organs, .good, .warning, .bad, .blue, .devChip, .stagingChip, .prodChip,
        .process0, .process1, .process2, .process3, .process4,
    ]
}
