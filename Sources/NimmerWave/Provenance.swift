/// Derives from a subject what may be published there: the type of the messages, the gate that they are about, and who publishes them
/// (protocol.md, Subjects). The server guards subjects; what a message states of itself proves nothing.
///
/// Every reader of the bus checks a message against its subject, through `Envelope(decoding:on:)` or `AnyMessage.decode(_:on:)`; one
/// that states otherwise is refused.
public struct Provenance: Hashable, Sendable {
    /// Speakers that a subject can belong to.
    public enum Speaker: Hashable, Sendable {
        /// A cell, by its name.
        case cell(Token)
        /// A nerve, by its name.
        case nerve(Token)
        /// The thalamus.
        case thalamus
        /// The bridge.
        case bridge
        /// A service, by its name.
        case service(Token)
        /// Several: the sender behind the subject, or without one, any client.
        case anyClient
    }

    /// The environment that the subject belongs to.
    public let environment: Environment
    /// The types of message that stand here; empty where any may.
    public let types: [MessageType]
    /// The gate that the messages are about; nil where the subject names none.
    public let gate: GateID?
    /// The speaker whose subject it is.
    public let speaker: Speaker
    /// The sender that stands behind a shared subject; nil for other subjects, and for the form without a sender.
    public let sender: Token?

    /// The provenance of what comes on a subject.
    ///
    /// - Throws: a ``Refusal`` with the code ``Refusal/Code/name`` for a subject on which the system publishes nothing.
    public init(of subject: String) throws(Refusal) {
        let tokens = subject.split(separator: ".", omittingEmptySubsequences: false)
        guard tokens.count >= 4, let environment = Environment(rawValue: String(tokens[0])),
            let place = try Place(tokens, subject)
        else { throw Self.unknown(subject) }
        self.environment = environment
        types = place.types
        gate = place.gate
        speaker = place.speaker
        sender = place.sender
    }

    /// The provenance of what comes on a subject.
    public init(of subject: Subject) throws(Refusal) { try self.init(of: subject.text) }

    static func unknown(_ subject: String) -> Refusal {
        Refusal(.name, field: "subject", "the subject must be one of the system", found: "'\(subject.excerpt)'")
    }

    /// Authority of a message, such as who approves or verifies: the sender behind the subject, which alone proves it.
    ///
    /// - Parameter hasIdentities: whether the server guards senders; without it the form that names none is taken too.
    /// - Throws: a ``Refusal`` where a sender is required and missing.
    public func authority(hasIdentities: Bool) throws(Refusal) -> Token? {
        guard sender != nil || !hasIdentities else {
            throw Refusal(
                .name, field: "subject",
                "the subject must end in its sender, since who decides or verifies has an identity",
                found: "none")
        }
        return sender
    }

    /// The types of entity that may stand in a header here; nil where the subject leaves that open.
    public var entityTypes: [EntityType]? {
        switch speaker {
        case .cell where gate != nil: [.cell]
        case .nerve where gate != nil: [.nerve]
        case .thalamus: [.thalamus]
        case .bridge: [.boundary, .cognitive]
        default: nil
        }
    }

    /// Checks what a header states of the message's type and sender.
    ///
    /// - Throws: a ``Refusal`` that names the field that contradicts the subject.
    public func check(_ header: Header) throws(Refusal) {
        guard types.isEmpty || types.contains(header.messageType) else {
            let expected = types.map(\.rawValue).joined(separator: " or ")
            throw .wrong(
                "header.message_type", "must be \(expected), by its subject", found: header.messageType.rawValue)
        }
        if let allowed = entityTypes, !allowed.contains(header.source.entityType) {
            let expected = allowed.map(\.rawValue).joined(separator: " or ")
            throw .wrong(
                "header.source.entity_type", "must be \(expected), by its subject",
                found: header.source.entityType.rawValue)
        }
    }

    /// Checks the gate and region that a body names against the subject: a gate of a region is that of the region alone, and the gate
    /// of a cell or nerve its own.
    func check(gate named: GateID, of region: Region) throws(Refusal) {
        if let gate, named != gate {
            throw .wrong("body.gate_id", "must be '\(gate)', as in its subject", found: "'\(named)'")
        }
        guard named.owner != nil && gate == named || GateID(region: region) == named else {
            throw .wrong("body.region", "must be the one that the gate '\(named)' guards", found: "'\(region)'")
        }
    }
}

/// One of the system's subjects, taken apart.
private struct Place {
    var types: [MessageType]
    var gate: GateID?
    var speaker = Provenance.Speaker.anyClient
    var sender: Token?

    init?(_ tokens: [Substring], _ subject: String) throws(Refusal) {
        let last = String(tokens[tokens.count - 1])
        let name = try? Token(String(tokens[3]))
        types = []
        switch (tokens[1], tokens[2], tokens.count) {
        case ("nervous", "cells", 5), ("nervous", "nerves", 5), ("nervous", "cells", 6):
            guard let name else { return nil }
            speaker = tokens[2] == "nerves" ? .nerve(name) : .cell(name)
            switch tokens[4] {
            case "wave" where tokens.count == 5: types = [.waveSignal]
            case "change" where tokens.count == 5: types = [.changeEvent]
            case "state" where tokens[2] == "nerves": types = [.nerveState]
            case "handover" where tokens.count == 5: types = [.command]
            case "response" where tokens.count == 5 && tokens[2] == "cells": types = [.commandResult]
            case "request" where tokens[2] == "cells":
                types = [.command]
                speaker = .anyClient
                guard try names(tokens, 5, subject) else { return nil }
            default: return nil
            }
        case ("nervous", "gates", 5), ("nervous", "gates", 6):
            guard let name else { return nil }
            let gate = GateID(name)
            self.gate = gate
            speaker = gate.ownSpeaker ?? .thalamus
            switch tokens[4] {
            case "transition":
                types = [.gateTransition]
                guard try names(tokens, 5, subject) else { return nil }
                guard let sender else { return }
                // Only of the sender's own gate, and under its own name (decision 0019).
                guard let owner = gate.owner, gate == GateID(ownedBy: sender, owner) else {
                    throw Refusal(
                        .name, field: "subject", "a cell or nerve reports transitions of its own gate",
                        found: "'\(subject.excerpt)'")
                }
                speaker = owner == .cell ? .cell(sender) : .nerve(sender)
            case "outcome" where tokens.count == 5:
                types = [.acceptedOutcome]
                speaker = .thalamus
            default: return nil
            }
        case ("nervous", "thalamus", 4):
            speaker = .thalamus
            switch last {
            case "collapse": types = [.collapse]
            case "attention": types = [.attention]
            default: return nil
            }
        case ("nervous", "traces", 4) where last == "correlation": types = [.correlationEvent]
        case ("nervous", "outcomes", 5...6) where tokens[4] == "feedback":
            guard let name, try names(tokens, 5, subject) else { return nil }
            types = [.verificationOutcome]
            gate = GateID(name)
        case ("nervous", "rejects", 4), ("nervous", "aside", 4):
            guard let name else { return nil }
            if tokens[2] == "rejects" { types = [.reject] }
            speaker = .service(name)
        case ("nervous", "lifeforce", 4):
            guard let name else { return nil }
            types = [.lifeforceSpent]
            speaker = .service(name)
        case ("nervous", "regions", 4):
            guard let name else { return nil }
            types = [.regionAssignment]
            gate = GateID(name)
            speaker = .thalamus
        case ("nervous", "shards", 5) where last == "request": types = [.command]
        case ("nervous", "shards", 8...):
            let carried = try Provenance(of: tokens[4...].joined(separator: "."))
            (types, gate, speaker, sender) = (carried.types, carried.gate, carried.speaker, carried.sender)
        case ("cognitive", "bridge", 4...5) where tokens[3] == "request":
            types = [.cognitiveRequest]
            guard try names(tokens, 4, subject) else { return nil }
        case ("cognitive", "bridge", 4) where last == "response" || last == "act":
            types = last == "act" ? [.act] : [.cognitiveResponse]
            speaker = .bridge
        case ("cognitive", _, 4) where last == "heartbeat": types = [.heartbeat]
        case ("organs", _, 4...5):
            types = [.command, .commandResult]
            guard try names(tokens, 4, subject) else { return nil }
        default: return nil
        }
    }

    /// Takes the sender from behind a shared subject; false where there is something else.
    private mutating func names(_ tokens: [Substring], _ count: Int, _ subject: String) throws(Refusal) -> Bool {
        guard tokens.count > count else { return true }
        guard tokens.count == count + 1 else { return false }
        sender = try Token(String(tokens[count]))
        return true
    }
}

extension GateID {
    /// The speaker whose own gate this is; nil for the gate of a region.
    fileprivate var ownSpeaker: Provenance.Speaker? {
        guard let owner, let name = try? Token(String(text.dropLast(owner.rawValue.utf8.count + 1))) else { return nil }
        return owner == .cell ? .cell(name) : .nerve(name)
    }
}

extension Envelope {
    /// Reads a message of this type as it came on a subject.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected, also when the message contradicts its subject.
    public init(decoding bytes: [UInt8], on subject: Subject) throws(Refusal) {
        let provenance = try Provenance(of: subject)
        self = try Envelope(decoding: bytes)
        try provenance.check(header)
        try body.check(against: provenance)
    }
}

extension Envelope where Body == CommandResult {
    /// Reads the answer to a request. It comes on an inbox that only the requester knows and whose name cannot be guessed, so
    /// no subject states more of it.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public init(answer bytes: [UInt8]) throws(Refusal) { self = try Envelope(decoding: bytes) }
}

extension AnyMessage {
    /// Reads a message of any type as it came on a subject.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected, also when the message contradicts its subject.
    public static func decode(_ bytes: [UInt8], on subject: String) throws(Refusal) -> AnyMessage {
        let provenance = try Provenance(of: subject)
        let message = try decode(bytes)
        try provenance.check(message.header)
        switch message {
        case .gateTransition(let message): try message.body.check(against: provenance)
        case .collapse(let message): try message.body.check(against: provenance)
        case .acceptedOutcome(let message): try message.body.check(against: provenance)
        case .regionAssignment(let message): try message.body.check(against: provenance)
        case .reject(let message): try message.body.check(against: provenance)
        case .lifeforceSpent(let message): try message.body.check(against: provenance)
        case .waveSignal, .changeEvent, .cognitiveRequest, .cognitiveResponse, .act, .attention, .nerveState,
            .correlationEvent,
            .verificationOutcome, .command, .commandResult, .heartbeat:
            break
        }
        return message
    }
}

extension String {
    /// A name that is known, and behind it in brackets what its bearer calls itself; at most 128 bytes.
    public func labelled(_ label: String) -> String {
        guard !label.isEmpty, label != self else { return self }
        var text = ""
        for character in label where utf8.count + text.utf8.count + String(character).utf8.count + 3 <= 128 {
            text.append(character)
        }
        return "\(self) (\(text))"
    }
}
