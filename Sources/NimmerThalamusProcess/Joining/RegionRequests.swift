import NimmerBus
import NimmerIris
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Answers what people ask about the homes of regions, and takes what they decide: `homes`, `home {"region": …}` and
/// `rehome {"region": …, "change": …, "home": …}` (spec/iris.md, Regions that mean the same).
struct RegionRequests: Sendable {
    private let owner: ThalamusProcess
    private let homes: RegionLog

    init(_ homes: RegionLog) {
        self.homes = homes
        owner = homes.owner
    }

    /// Commands that it answers.
    static let commands: Set<String> = ["homes", "home", "rehome"]

    /// The answer to a command.
    ///
    /// - Parameter sender: the person who asks, as the subject names it.
    func answer(_ command: Command, by sender: String) async -> CommandResult {
        switch command.command {
        case "homes": return CommandResult(status: .ok, result: list(from: max(0, command.payload["from"]?.int ?? 0)))
        case "home":
            guard let region = command.payload["region"]?.string.flatMap({ try? Region($0) }) else {
                return CommandResult(status: .refused, error: "payload.region must be a region")
            }
            return CommandResult(status: .ok, result: await explain(region))
        default: return await change(command, by: sender)
        }
    }

    // MARK: Looking

    /// The decisions in the order of their regions, as many as one message holds.
    private func list(from start: Int) -> JSON {
        let known = homes.homes.withLock { $0 }
        let regions = known.decisions.keys.filter { known.home(of: $0) != nil }.sorted()
        var rows: [JSON] = []
        var bytes = 0
        for region in regions.dropFirst(start) {
            guard let row = Self.row(region, known) else { continue }
            bytes += row.text.utf8.count + 1
            if bytes > Wire.maximumBytes - 4_096 { break }
            rows.append(row)
        }
        let held = owner.thalamus.withLock { ($0.counters, $0.waitingRegions) }
        return [
            "regions": .array(rows), "from": .number(Double(start)), "total": .number(Double(regions.count)),
            "revision": .number(Double(known.revision)), "join": .number(known.join),
            "hysteresis": .number(known.hysteresis), "waiting_regions": .number(Double(held.1)),
            "waves_held": .number(Double(held.0.held)), "waves_dropped": .number(Double(held.0.heldDropped)),
            "model": homes.models.chain.model.map { .string($0.name) } ?? .null,
        ]
    }

    /// The decision about a region; nil where nothing is.
    private static func row(_ region: Region, _ homes: Homes) -> JSON? {
        guard let decision = homes.decisions[region], let home = homes.home(of: region) else { return nil }
        let event = decision.event
        var row: JSONObject = [
            "region": .string(region.text), "home": .string(home.text), "reason": .string(event.reason.rawValue),
            "pinned": .bool(decision.isPinned || homes.declared.declaredHome(of: region) != nil),
            "at": .string(event.at.rfc3339), "by": .string(event.by), "revision": .number(Double(decision.revision)),
            "threshold": .number(event.threshold),
        ]
        if let model = event.model { row["model"] = .string(model) }
        if let cosine = event.cosine { row["cosine"] = .number(cosine) }
        if let nearest = event.nearest { row["nearest"] = .string(nearest.text) }
        if let required = event.required { row["required"] = .number(required) }
        if let linked = event.linked { row["linked"] = .bool(linked) }
        if let note = event.note { row["note"] = .string(note) }
        return .object(row)
    }

    /// Explanation of where a region lives and why, and what it is near to now.
    private func explain(_ region: Region) async -> JSON {
        let known = homes.homes.withLock { $0 }
        var report: JSONObject = ["region": .string(region.text), "join": .number(known.join)]
        let home = known.home(of: region)
        if let home {
            report["home"] = .string(home.text)
            report["members"] = .array(known.members(of: home).prefix(256).map { .string($0.text) })
        }
        report["declared"] = .bool(known.declared.declaredHome(of: region) != nil)
        if let row = Self.row(region, known) { report["decision"] = row }
        let answer: Homes.Answer
        if let meaning = known.decisions[region]?.meaning {
            answer = .meaning(meaning)
        } else {
            answer = await homes.answers(for: [region], in: homes.asking).first ?? .missing("no model answers")
        }
        switch answer {
        case .missing(let why): report["note"] = .string(why)
        case .meaning(let meaning):
            let near = known.nearest(to: meaning, without: region).filter { $0.home != region }
            report["model"] = .string(meaning.model)
            report["homes"] = .number(Double(near.count))
            report["nearest"] = .array(
                near.prefix(8).map { home, cosine in
                    let relation = known.relation(of: region, to: home) { homes.models.relation($0, $1) }
                    let required = JoinRule.required(relation, homes: near.count, join: known.join)
                    return [
                        "home": .string(home.text), "cosine": .number(cosine),
                        "relation": .string("\(relation)"),
                        "required": required.isFinite ? .number(required) : .null,
                        "joins": .bool(cosine >= required),
                    ]
                })
        }
        return .object(report)
    }

    // MARK: Changing

    private func change(_ command: Command, by sender: String) async -> CommandResult {
        guard let region = command.payload["region"]?.string.flatMap({ try? Region($0) }) else {
            return CommandResult(status: .refused, error: "payload.region must be a region")
        }
        let target = command.payload["home"]?.string.flatMap { try? Region($0) }
        let change: Homes.Change?
        switch command.payload["change"]?.string ?? "" {
        case "split": change = .split
        case "pin": change = .pin
        case "forget": change = .forget
        case "unpin": change = nil
        case "join":
            guard let target else {
                return CommandResult(status: .refused, error: "payload.home must be a region to join")
            }
            change = .join(target)
        case let other:
            return CommandResult(
                status: .refused,
                error: "payload.change must be split, join, pin, unpin or forget; found '\(other.prefix(64))'")
        }
        do {
            if let change {
                try await carryOut(change, of: region, by: sender)
            } else {
                try await lookAgain(at: region, by: sender)
            }
        } catch let refusal as Refusal {
            return CommandResult(status: .refused, error: refusal.description)
        } catch { return CommandResult(status: .error, error: "\(error)") }
        return CommandResult(
            status: .ok, result: homes.homes.withLock { Self.row(region, $0) } ?? ["region": .string(region.text)])
    }

    /// Writes what a person's change comes to, one decision after the other.
    private func carryOut(_ change: Homes.Change, of region: Region, by sender: String) async throws {
        // All that is stored, before it is decided on.
        try await homes.catchUp()
        var isDone = false
        for _ in 0..<Homes.limit where !isDone {
            let open = try await openHomes(concerned(change, region))
            var refusal: Refusal?
            let isWritten = await homes.write(by: sender) { homes, author in
                do throws(Refusal) {
                    let events = try homes.decisions(for: change, of: region, by: author) { open.contains($0) }
                    isDone = events.count <= 1
                    return events.first
                } catch {
                    refusal = error
                    return nil
                }
            }
            if let refusal { throw refusal }
            guard isWritten else { throw BusError(.timeout, "the log of regions took no decision") }
        }
    }

    /// Lets the model judge again where a region lives.
    private func lookAgain(at region: Region, by sender: String) async throws {
        try await homes.catchUp()
        let answer = await homes.answers(for: [region], in: homes.asking).first ?? .missing("no model answers")
        let known = homes.homes.withLock { $0 }
        let likely = known.reassign(region, answer, by: .init(sender, at: .now())) { [homes] in
            homes.models.relation($0, $1)
        }
        let open = try await openHomes([region, known.home(of: region) ?? region, likely.home])
        var refusal: Refusal?
        let isWritten = await homes.write(by: sender) { [homes] known, author in
            if let home = known.declared.declaredHome(of: region) {
                refusal = Refusal(
                    .value, "unchanged: the system file declares that it lives in '\(home)'", found: "'\(region)'")
                return nil
            }
            let event = known.reassign(region, answer, by: author) { homes.models.relation($0, $1) }
            let moved = event.home != known.home(of: region) ?? region
            if moved, let home = [known.home(of: region) ?? region, event.home].first(where: open.contains) {
                refusal = Refusal(
                    .value, "unchanged: the gate of '\(home)' is open; ask again when it has released",
                    found: "'\(region)'")
                return nil
            }
            return event
        }
        if let refusal { throw refusal }
        guard isWritten else { throw BusError(.timeout, "the log of regions took no decision") }
    }

    /// The homes that a change can be about.
    private func concerned(_ change: Homes.Change, _ region: Region) -> Set<Region> {
        let known = homes.homes.withLock { $0 }
        var asked: Set<Region> = [region, known.home(of: region) ?? region]
        if case .join(let target) = change { asked.insert(known.home(of: target) ?? target) }
        return asked
    }

    /// Those of some homes whose gates are open.
    private func openHomes(_ asked: Set<Region>) async throws(BusError) -> Set<Region> {
        var open: Set<Region> = []
        for home in asked where try await isOpen(home) { open.insert(home) }
        return open
    }

    /// Returns whether a gate is open: of one that another thalamus has, by its last transition.
    private func isOpen(_ home: Region) async throws(BusError) -> Bool {
        let gate = GateID(region: home)
        if owner.sharedRegions?.judges(gate) ?? true {
            return owner.settle { thalamus in
                thalamus.advance(to: thalamus.clock.read(.now()))
                return thalamus.isOpen(home)
            }
        }
        let env = owner.process.environment
        let last = try await owner.bus.lastMessage(
            stream: SystemStreams.transitions(env), subject: .transition(env, gate: gate))
        guard let last,
            let transition = try? Envelope<GateTransition>(decoding: last.message.payload, on: last.message.subject)
        else { return false }
        return transition.body.toState == .open
    }
}
