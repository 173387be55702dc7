// Ids that are made from what they are about, so that a second derivation gives the same id, and a stream drops the repetition
// (decision 0005; protocol.md, Envelope). All of them stand here. `named(_:in:)` makes them, in the fixed space unless another is given.

extension MessageID {
    /// The id of a transition: the same for the same gate, time and states in one environment and space.
    ///
    /// - Parameter space: for gates of regions the space of the thalamus's life, since cells choose times (decision 0017).
    public static func transition(
        _ transition: GateTransition, in environment: Environment, space: MessageID = .nimmerverse
    ) -> MessageID {
        .named(in: space) { name in
            name.append(contentsOf: environment.rawValue.utf8)
            name.append(contentsOf: "/transition/".utf8)
            name.append(contentsOf: transition.gateID.text.utf8)
            name.append(UInt8(ascii: "/"))
            name.append(contentsOf: String(transition.at.nanoseconds).utf8)
            name.append(UInt8(ascii: "/"))
            name.append(contentsOf: transition.fromState.word.utf8)
            name.append(UInt8(ascii: "/"))
            name.append(contentsOf: transition.toState.word.utf8)
        }
    }

    /// The id under which the thalamus stores a transition that a cell or nerve reported.
    ///
    /// - Parameter id: the id that the sender gave it.
    public static func reported(_ id: MessageID, by sender: Token, in environment: Environment) -> MessageID {
        .named("\(environment.rawValue)/reported/\(sender)/\(id)")
    }

    /// The id of an accepted outcome: the same for one outcome of one opening, whichever thalamus accepts it.
    ///
    /// - Parameter sequence: the outcome's place in the stream of decisions.
    public static func accepted(_ opening: MessageID, sequence: UInt64) -> MessageID {
        .named { name in
            name.append(contentsOf: "accepted/".utf8)
            opening.write(into: &name)
            name.append(UInt8(ascii: "/"))
            name.append(contentsOf: String(sequence).utf8)
        }
    }

    /// The id of a sum of spent energy: of one summer, span and part of it the same.
    ///
    /// - Parameter part: its place among the messages of the span.
    public static func spent(by service: String, from: Timestamp, until: Timestamp, part: Int) -> MessageID {
        .named("spent/\(service)/\(from.nanoseconds)/\(until.nanoseconds)/\(part)")
    }

    /// The id of the outcome that a rule gives an opening: the same, whichever thalamus derives it.
    public static func ruled(_ opening: MessageID, in environment: Environment) -> MessageID {
        .named("\(environment.rawValue)/ruled/\(opening.text)")
    }

    /// The id of the collapse of an opening.
    public static func collapse(of transition: MessageID) -> MessageID {
        .named { name in
            name.append(contentsOf: "collapse/".utf8)
            transition.write(into: &name)
        }
    }

    /// The id of the request about a collapse.
    public static func request(of collapse: MessageID) -> MessageID { .named("request/\(collapse.text)") }

    /// The id of the request that informs minds of what a reflex did about another request.
    public static func informed(_ request: MessageID) -> MessageID { .named("told/\(request.text)") }

    /// The id that stands for the collapse in a person's question, which follows from none.
    public static func question(_ request: MessageID) -> MessageID { .named("question/\(request.text)") }

    /// The id of the summary of a region's day.
    ///
    /// - Parameter day: the day (UTC), `2026-02-14`.
    public static func summary(of region: Region, on day: String, in environment: Environment) -> MessageID {
        .named("\(environment.rawValue)/summary/\(region)/\(day)/atomic")
    }

    /// The id of a response or act.
    ///
    /// - Parameter space: 128 random bits that the bridges of an environment share, so that no other sender can claim it (decision 0017).
    public static func answer(_ kind: StaticString, to request: MessageID, space: MessageID) -> MessageID {
        .named("\(kind)/\(request.text)", in: space)
    }

    /// The id under which a message of a stream is set aside (decision 0014).
    public static func aside(_ sequence: UInt64, of stream: String, by service: String) -> MessageID {
        .named("aside/\(service)/\(stream)/\(sequence)")
    }

    /// The id under which a message that was set aside is handed over again.
    ///
    /// - Parameter number: its sequence in the stream of what was set aside.
    public static func repeated(_ aside: MessageID, number: UInt64) -> MessageID {
        .named("replay/\(aside.text)/\(number)")
    }

    /// The id of a wave that a cell or nerve emits in a replay.
    ///
    /// - Parameter count: waves that were emitted in this replay, this one included.
    public static func replayed(by name: Token, at moment: Timestamp, count: Int) -> MessageID {
        .named("replay/\(name)/\(moment.nanoseconds)/\(count)")
    }

    /// The id of a payload that names none of its own.
    public static func rejected(_ payload: [UInt8]) -> MessageID {
        let digits = Array("0123456789abcdef".utf8)
        return .named { name in
            name.append(contentsOf: "rejected:".utf8)
            for byte in payload {
                name.append(digits[Int(byte >> 4)])
                name.append(digits[Int(byte & 15)])
            }
        }
    }

    /// The id of a payload that contradicts its subject: nothing in it can choose its own.
    public static func contradiction(_ payload: [UInt8], on subject: String) -> MessageID {
        .named { name in
            name.append(contentsOf: "contradicts/\(subject)/".utf8)
            name.append(contentsOf: payload)
        }
    }
}
