import NimmerWave

/// Lifeforce that was spent in a region on one day (UTC), and what outcomes gave back: read, never summed (memory.md, Totals).
public struct LifeforceDay: Sendable, Hashable {
    /// Key of a day: environment, region and day.
    public struct Key: Sendable, Hashable {
        /// The environment.
        public var environment: Environment
        /// The region.
        public var region: String
        /// The day (UTC): `2026-02-14`.
        public var day: String

        /// Creates a key.
        public init(environment: Environment, region: String, day: String) {
            self.environment = environment
            self.region = region
            self.day = day
        }
    }

    /// Environment, region and day.
    public var key: Key
    /// Energy spent by cells, in LF.
    public var cells = 0.0
    /// Energy spent by nerves, in LF.
    public var nerves = 0.0
    /// Energy spent by minds, in LF.
    public var minds = 0.0
    /// Energy spent by organs, in LF.
    public var organs = 0.0
    /// Energy that outcomes gave back, in LF; negative where they cost.
    public var earned = 0.0

    /// The region.
    public var region: String { key.region }
    /// The day (UTC): `2026-02-14`.
    public var day: String { key.day }
    /// Energy that was spent, in LF.
    public var spent: Double { cells + nerves + minds + organs }
    /// Earned less spent, in LF.
    public var net: Double { earned - spent }

    /// A day on which nothing was spent or earned yet.
    public init(_ key: Key) { self.key = key }

    /// The day as JSON.
    public var json: JSON {
        [
            "day": .string(day), "region": .string(region), "cells": .number(cells), "nerves": .number(nerves),
            "minds": .number(minds), "organs": .number(organs), "spent": .number(spent), "earned": .number(earned),
            "net": .number(net),
        ]
    }
}

/// Selection of days.
public struct LifeforceQuery: Sendable, Hashable {
    /// The environment.
    public var environment: Environment
    /// First day (UTC): `2026-02-14`.
    public var since: String
    /// Regions, as a pattern of regions; nil: all.
    public var region: SubjectPattern?

    /// Creates a query.
    public init(environment: Environment, since: String, region: SubjectPattern? = nil) {
        self.environment = environment
        self.since = since
        self.region = region
    }

    /// Returns whether a day belongs to it.
    func matches(_ day: LifeforceDay) -> Bool {
        day.key.environment == environment && day.day >= since && region?.matches(day.region) ?? true
    }
}

// What the store in memory sums.

/// Share of a message in what outcomes gave back.
struct EarnedShare {
    let region: String
    let at: Timestamp
    /// Energy, in LF.
    let amount: Double
}

extension MemoryContents {
    /// Largest amount that is added, in LF: sums of these have a sum.
    private static let most = 1e290

    private mutating func add(
        _ region: String, _ at: Timestamp, in environment: Environment, _ change: (inout LifeforceDay) -> Void
    ) {
        let key = LifeforceDay.Key(environment: environment, region: region, day: at.utcDay)
        change(&days[key, default: LifeforceDay(key)])
    }

    mutating func spend(_ spent: LifeforceSpent, in environment: Environment) {
        for region in spent.regions {
            add(region.region.text, spent.since, in: environment) { day in
                day.cells += min(region.cells, Self.most)
                day.nerves += min(region.nerves, Self.most)
                day.organs += min(region.organs, Self.most)
            }
        }
    }

    mutating func spend(_ response: Envelope<CognitiveResponse>, in environment: Environment) {
        guard response.body.lifeforceSpent > 0 else { return }
        add(response.body.payingRegion, response.header.timestamp, in: environment) {
            $0.minds += min(response.body.lifeforceSpent, Self.most)
        }
    }

    /// Share of each message about an opening in what outcomes gave back: what it gives less what the one before it gave.
    func shares(of opening: MessageID, in environment: Environment) -> [EarnedShare] {
        var before = 0.0
        return accepted.values.filter {
            $0.environment == environment && $0.message.body.opening == opening && $0.message.body.effect != .reset
        }.map(\.message).sorted {
            ($0.body.at, $0.header.messageID) < ($1.body.at, $1.header.messageID)
        }.map { message in
            let amount =
                message.body.effect == .withdrawal
                ? 0 : (earnings[message.header.messageID] ?? 0) * (message.body.weight ?? 1)
            defer { before = amount }
            return EarnedShare(region: message.body.region.text, at: message.body.at, amount: amount - before)
        }
    }

    /// Sums shares; those from before a further message less.
    mutating func earn(_ shares: [EarnedShare], insteadOf before: [EarnedShare], in environment: Environment) {
        for share in before { add(share.region, share.at, in: environment) { $0.earned -= share.amount } }
        for share in shares { add(share.region, share.at, in: environment) { $0.earned += share.amount } }
    }
}

extension CognitiveResponse {
    /// The region that pays for it: that of its record, else `unnamed`.
    public var payingRegion: String { record?.region.flatMap { try? Region($0) }?.text ?? "unnamed" }
}
