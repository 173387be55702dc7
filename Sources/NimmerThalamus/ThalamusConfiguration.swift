import NimmerGate
import NimmerSystem
import NimmerWave

/// Configuration of a thalamus: regions, gates, bounds and when to escalate.
public struct ThalamusConfiguration: Sendable {
    /// The environment, which is part of every derived id.
    public var environment: Environment
    /// The declared regions.
    package var regions = RegionMap()
    /// Configuration of the gate of a region; asked once, when the region appears.
    public var gate: @Sendable (Region) -> GateConfiguration = { _ in GateConfiguration() }
    /// Grants of origins.
    public var origins = OriginGrants.none
    /// The cells whose stated intervals gates follow.
    public var members = DeclaredMembers(nil)
    /// Indicates whether a sender may bring new regions, and tip gates, at a bounded rate only; false in replay, where no other sender waits.
    public var boundsNewRegions = true
    /// Regions kept at most; of those that never earned trust the longest silent go first.
    public var maximumRegions = 10_000
    /// The rule that decides between a wave's own time and its arrival.
    public var clockTolerance = ClockTolerance()
    /// Number of gates that may be open before the mode is OVERWHELMED.
    public var focusLimit = 4
    /// Policy by which openings go up.
    public var escalation = EscalationPolicy()

    /// The share of an outcome that a mind's opinion counts as, 0…1.
    public var opinionWeight = 0.0
    /// Joining of regions that mean the same; nil: each lives by its own name, or where the file's rules state.
    package var joining: Joining?
    /// Into how many parts the regions are divided that several thalami share; nil: one thalamus has them all.
    public var partitions: Int?

    /// The defaults for an environment.
    public init(environment: Environment) { self.environment = environment }

    /// Indicates whether the gate of a region earns its trust.
    package func earnsTrust(_ region: Region) -> Bool { gate(region).trust == .earned }

    /// Number of outcomes by which an origin of a region is known.
    package func trustMemory(_ region: Region) -> Double { gate(region).trustMemory }

    /// Records of origins that the gate of a region holds at most.
    package func maximumRecords(_ region: Region) -> Int { gate(region).maximumRecords }

    /// The region that a wave's region lives in: that of the first rule that matches, else itself.
    package func home(of region: Region) -> Region { regions.home(of: region) }

    /// The region that a wave's region lives in, where regions join: that of the first rule that matches, else its home, else itself.
    package func home(of region: Region, assigned: [Region: Region]) -> Region {
        if let declared = regions.declaredHome(of: region) { return declared }
        return assigned[region].map { regions.home(of: $0) } ?? region
    }

    /// The region that a person means: that in which the named one lives; a gate's id as it is.
    package func home(ofAsked name: String) -> String {
        guard let region = try? Region(name) else { return name }
        return home(of: region).text
    }

    /// A digest of what decides where a region lives: thalami that share regions must agree in it.
    public var rulesDigest: String {
        let lines = regions.rules.map { "\($0.region) \($0.patterns.map(\.text).joined(separator: " "))" }
        let joined = joining.map { "\niris \($0.join) \($0.hysteresis) \($0.model)" } ?? ""
        return MessageID.named("\(partitions ?? 1)\n\(lines.joined(separator: "\n"))\(joined)").text
    }
}

/// Policy by which an opening becomes a CognitiveRequest, and its contents (protocol.md, CognitiveRequest).
public struct EscalationPolicy: Sendable {
    /// Name of a region's openings above the boundary.
    public struct Event: Sendable {
        /// Regions that it holds for.
        public var pattern: SubjectPattern
        /// The event's name: `pump_anomaly`.
        public var type: String
        /// Actions that could be taken.
        public var actions: [SuggestedAction]

        /// An event.
        public init(pattern: SubjectPattern, type: String, actions: [SuggestedAction] = []) {
            self.pattern = pattern
            self.type = type
            self.actions = actions
        }
    }

    /// Named events, the first match wins; other regions' events are called `resonance`.
    public var events: [Event] = []
    /// Limit of one request's spending, in LF.
    public var budget = 10.0
    /// Timeout of a mind, in milliseconds.
    public var responseTimeout = 15_000
    /// Time after which a request expires, in milliseconds.
    public var expiresAfter = 60_000
    /// Openings that collapse to less than this confidence do not go up; 0…1.
    public var minimumConfidence = 0.0
    /// Time after one escalation of a region in which its further openings do not go up, in milliseconds; 0: every one does.
    public var refractory = 0.0

    /// Every opening goes up.
    public init() {}
}

/// A transition that a thalamus has concluded; the owner of the thalamus publishes it. An opening is one durable message, which
/// carries its collapse and the terms of its question; the two are also reported to observers, who derive nothing.
public struct Conclusion: Sendable, Hashable {
    /// The transition.
    public var transition: GateTransition
    /// The id of its message: derived from gate, time, states and the thalamus's own space of names.
    public var id: MessageID

    /// Creates a conclusion.
    public init(transition: GateTransition, id: MessageID) {
        self.transition = transition
        self.id = id
    }

    /// The waves that agreed, as one signal; nil unless the transition is an opening.
    public var collapse: Collapse? { transition.collapsed(transitionID: id) }
    /// The question that goes up; nil where none does.
    public var request: CognitiveRequest? { transition.escalated }
}

/// Counters of a thalamus since its start.
public struct ThalamusCounters: Sendable, Hashable {
    /// Waves that were read.
    public var waves = 0
    /// Of these, below their gate's floor.
    public var belowFloor = 0
    /// Of these, more than a window late.
    public var late = 0
    /// Of these, with a clock so wrong that their arrival counted.
    public var skewed = 0
    /// Of these, passed over: of a sender that floods the bus only so much is heard that the others get through.
    public var passedOver = 0
    /// Messages that were refused.
    public var rejected = 0
    /// Of these, waves whose origin is not granted to their sender.
    public var ungranted = 0
    /// Of these, waves in new regions of a sender that brings too many.
    public var refusedRegions = 0
    /// STABLE → OPEN.
    public var openings = 0
    /// Collapses.
    public var collapses = 0
    /// Requests sent up.
    public var escalations = 0
    /// Openings and closings that did not happen: their senders tip more gates than their share.
    public var heldGates = 0
    /// Hearings of lone voices that did not happen: their sender was heard in another region, or disappointed there.
    public var heldHearings = 0
    /// Outcomes that gates learned from.
    public var outcomes: [VerificationResult: Int] = [:]
    /// Outcomes that were taken back, or another put in their place.
    public var takenBack = 0
    /// Openings whose question did not go up, since the answers to their senders' openings fill more than their share.
    public var heldQuestions = 0
    /// Regions that were forgotten to stay within the bound.
    public var forgotten = 0
    /// Waves that were held until their region had a home.
    public var held = 0
    /// Waves of regions without a home that were dropped: too many waited.
    public var heldDropped = 0

    /// Nothing yet.
    public init() {}
}

extension ThalamusConfiguration {
    /// Configuration from a system file; nil: the defaults.
    ///
    /// - Throws: a ``Refusal`` when a region or a pattern of the file is invalid; the loader refuses these with their line.
    public init(_ system: SystemFile?, environment: Environment) throws(Refusal) {
        self.init(environment: environment)
        let gates = system?.gates ?? GateSettings()
        gate = { gates.configuration(region: $0.text, gate: GateID(region: $0).text) }
        guard let system else { return }
        let regions = try RegionMap(system)
        self.regions = regions
        let declared = DeclaredRegions(system, regions)
        gate = { region in
            var configuration = gates.configuration(region: region.text, gate: GateID(region: region).text)
            // A sender that invents regions would be heard once in each.
            if !declared.contains(region) { configuration.hearingMilliseconds = 0 }
            return configuration
        }
        origins = OriginGrants(system)
        opinionWeight = system.thalamus.mindOutcomeWeight
        members = DeclaredMembers(system)
        maximumRegions = system.thalamus.maxRegions
        clockTolerance = ClockTolerance(milliseconds: system.thalamus.clockToleranceMS)
        partitions = system.thalamus.partitions
        joining = system.iris.map { Joining($0) }
        for event in system.bridge.events {
            var actions: [SuggestedAction] = []
            for action in event.actions { actions.append(SuggestedAction(action: action, confidence: 0.5)) }
            escalation.events.append(
                EscalationPolicy.Event(
                    pattern: try SubjectPattern(event.region), type: event.eventType, actions: actions))
        }
        escalation.budget = system.bridge.budget
        escalation.responseTimeout = system.bridge.responseTimeoutMS
        escalation.expiresAfter = system.bridge.expiresAfterMS
        escalation.minimumConfidence = system.thalamus.minimumConfidence
        escalation.refractory = system.thalamus.refractoryMS
    }
}
