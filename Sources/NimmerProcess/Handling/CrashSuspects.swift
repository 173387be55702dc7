import NimmerWave

/// Messages that may have ended the process that handled them, as a value that each run of a consumer keeps in a bucket.
///
/// A run that ends without recording its end has crashed. A message that it had in progress comes again: the first time after a crash it is a
/// *suspect*, and the record states that its handling begins before it does. A crash soon after that counts against the suspects
/// whose handling had just begun; a crash at another time is explained by none of them and clears them all, since the process ends
/// without them too. So killing a process from outside does not make its messages suspicious. A suspect of two crashes is
/// handled *alone*, and if the process ends then too it is *condemned*: set aside when it comes again.
///
/// Nothing is recorded of a message that is delivered once. What was merely given back is not a suspect.
public struct CrashSuspects: Sendable, Hashable {
    /// A message: its stream, and its sequence there.
    public struct Place: Sendable, Hashable, Comparable {
        /// The stream.
        public var stream: String
        /// The sequence.
        public var sequence: UInt64

        /// A place.
        public init(stream: String, sequence: UInt64) {
            self.stream = stream
            self.sequence = sequence
        }

        /// Order by stream and sequence.
        public static func < (a: Place, b: Place) -> Bool { (a.stream, a.sequence) < (b.stream, b.sequence) }
    }

    /// Phase of the handling of a suspect.
    public enum Phase: Int, Sendable, Hashable {
        /// Not begun in this run.
        case waiting
        /// Just begun: a crash now counts. Can go to ``survived``.
        case begun
        /// Just begun, with nothing else in progress: a crash now condemns. Can go to ``survived``.
        case alone
        /// Handled; the process did not end by it so far.
        case survived
        /// The process ended when it was handled alone.
        case poison
    }

    /// State of a suspect.
    public struct Suspect: Sendable, Hashable {
        /// Crashes that count against it.
        public var crashes: Int
        /// Time after its beginning in which a crash counts, in milliseconds.
        public var window: Double
        /// Phase of its handling.
        public var phase: Phase
        /// Until when a crash counts.
        var until = Timestamp(nanoseconds: 0)
    }

    /// Verdict on a message.
    public enum Verdict: Sendable, Hashable {
        /// Handle it.
        case handle
        /// Report ``CrashSuspects/begin(_:isAlone:at:)``, keep the record, then handle it.
        case suspect
        /// Wait until nothing else is in progress; then as a suspect.
        case alone
        /// Set it aside.
        case setAside
    }

    /// A run that crashed while no suspect had just begun.
    private struct Crash: Sendable, Hashable {
        var begun: Timestamp
        var isAfterCrash: Bool
        var givenBack: Set<Place>
        var isExplained: Bool
    }

    /// The most suspects, and the most messages given back, that are remembered: their record is one message, for which servers leave
    /// room of 128 KiB.
    public static let capacity = 1_536
    /// Time after its beginning in which a crash counts at first, in milliseconds. A message that ends the process later makes it
    /// four times as long each time, up to a minute.
    public static let firstWindow = 200.0
    /// Crashes after which a message is handled alone.
    public static let crashLimit = 2

    /// This life.
    public let life: MessageID
    /// The instance of the process that lives it.
    public let instance: String
    /// Time at which it began, by the clock of the server; until that is known, by the local one.
    public var begunAt: Timestamp
    /// Indicates whether it is over, in order.
    public internal(set) var isEnded = false
    /// Indicates whether an earlier run crashed.
    public internal(set) var isAfterCrash = false
    /// Lives that were taken over into this one.
    public internal(set) var taken: Set<MessageID> = []
    /// The suspects.
    public internal(set) var suspects: [Place: Suspect] = [:]
    /// Messages that this run has given back.
    public internal(set) var givenBack: Set<Place> = []
    private var crashes: [Crash] = []
    private let window: Double

    /// A first life.
    ///
    /// - Parameters:
    ///   - life: the id of this run.
    ///   - instance: the id under which it answers.
    ///   - now: when it begins.
    ///   - window: for how long after its beginning a crash counts against a suspect at first, in milliseconds.
    public init(life: MessageID, instance: String, at now: Timestamp, window: Double = CrashSuspects.firstWindow) {
        self.window = window
        self.life = life
        self.instance = instance
        begunAt = now
    }

    /// Takes over what an earlier run left: one that ended, or one that crashed.
    public mutating func take(over former: CrashSuspects) {
        taken.insert(former.life)
        taken.formUnion(former.taken)
        let hasCrashed = !former.isEnded
        let isExplained = former.suspects.values.contains { $0.phase == .begun || $0.phase == .alone }
        for (place, var suspect) in former.suspects {
            if hasCrashed { Self.judge(&suspect, isExplained) }
            if suspect.phase != .poison { suspect.phase = .waiting }
            if let known = suspects[place], (known.phase == .poison || known.crashes >= suspect.crashes) { continue }
            suspects[place] = suspect
        }
        guard hasCrashed else { return }
        isAfterCrash = true
        crashes.append(
            Crash(
                begun: former.begunAt, isAfterCrash: former.isAfterCrash, givenBack: former.givenBack,
                isExplained: isExplained))
    }

    private static func judge(_ suspect: inout Suspect, _ isExplained: Bool) {
        switch suspect.phase {
        case .begun: suspect.crashes += 1
        case .alone:
            suspect.crashes += 1
            suspect.phase = .poison
        case .poison: break
        case .waiting: if !isExplained { suspect.crashes = 0 }
        case .survived:
            guard !isExplained else { return }
            suspect.crashes = 0
            suspect.window = min(suspect.window * 4, 60_000)
        }
    }

    /// A message was delivered.
    ///
    /// - Parameters:
    ///   - place: the message, by its stream and sequence.
    ///   - count: how often, this time included.
    ///   - storedAt: when its stream stored it.
    public mutating func judge(_ place: Place, count: Int, storedAt: Timestamp) -> Verdict {
        guard count > 1 else { return .handle }
        if let known = suspects[place] {
            switch known.phase {
            case .poison: return .setAside
            case .waiting: return known.crashes >= Self.crashLimit ? .alone : .suspect
            case .begun, .alone, .survived: return .handle
            }
        }
        // This life had it before: it was given back, or the time for its acknowledgement ran out.
        if givenBack.remove(place) != nil || storedAt >= begunAt { return .handle }
        guard let last = crashes.max(by: { $0.begun < $1.begun }), suspects.count < Self.capacity,
            !crashes.contains(where: { $0.givenBack.contains(place) })
        else { return .handle }
        // It was in the hands of the life that crashed, unless that had no time to get again what one before it had.
        let wasInProgress = !last.isExplained && (storedAt >= last.begun || !last.isAfterCrash)
        suspects[place] = Suspect(crashes: wasInProgress ? 1 : 0, window: window, phase: .waiting)
        return .suspect
    }

    /// The handling of a suspect begins. To be kept before it does.
    public mutating func begin(_ place: Place, isAlone: Bool = false, at now: Timestamp) {
        guard let window = suspects[place]?.window else { return }
        suspects[place]?.phase = isAlone ? .alone : .begun
        suspects[place]?.until = now.advanced(milliseconds: window)
    }

    /// Time passed.
    ///
    /// - Returns: whether something changed.
    public mutating func advance(to now: Timestamp) -> Bool {
        var isChanged = false
        for (place, suspect) in suspects where suspect.until <= now {
            guard suspect.phase == .begun || suspect.phase == .alone else { continue }
            suspects[place]?.phase = .survived
            isChanged = true
        }
        return isChanged
    }

    /// Time at which ``advance(to:)`` next has something to do.
    public var nextDeadline: Timestamp? {
        suspects.values.filter { $0.phase == .begun || $0.phase == .alone }.map(\.until).min()
    }

    /// Returns whether a crash now would condemn a message.
    public func isAlone(_ place: Place) -> Bool { suspects[place]?.phase == .alone }

    /// A message was handled, or set aside: it does not come again.
    ///
    /// - Returns: whether something changed.
    public mutating func finished(_ place: Place) -> Bool {
        let wasGivenBack = givenBack.remove(place) != nil
        return suspects.removeValue(forKey: place) != nil || wasGivenBack
    }

    /// A message was given back, and comes again without a crash.
    public mutating func gaveBack(_ place: Place) {
        if let phase = suspects[place]?.phase {
            if phase != .poison { suspects[place]?.phase = .waiting }
        } else if givenBack.count < Self.capacity {
            givenBack.insert(place)
        }
    }

    /// The process stops in order: all that is in progress is given back.
    public mutating func end() { isEnded = true }
}
