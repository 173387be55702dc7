import NimmerMemory
import NimmerWave

extension GateBalance {
    private static let columns = [
        "gate_id", "domain", "region", "state", "potential", "weight", "transitions", "openings", "closings",
        "confirmed", "failed", "partial", "lifeforce_spent", "lifeforce_earned", "last_transition_at",
    ]

    /// A gate from these columns of `gate_overview`.
    ///
    /// - Throws: an error that names the gate and the column that does not fit.
    init(row: [String?], _ environment: Environment) throws(MemoryError) {
        do throws(Refusal) {
            let row = try NamedColumns(Self.columns, row)
            self.init(
                environment: environment, gateID: try row.read("gate_id", "be a token") { try? GateID($0) },
                domain: try row.read("domain", "be a token") { try? Token($0) },
                region: try row.read("region", "be a region") { try? Region($0) })
            state = try row.read("state", "be closed, stable or open") { GateState(word: $0) }
            potential = try row.number("potential")
            weight = try row.number("weight")
            transitions = try row.whole("transitions")
            openings = try row.whole("openings")
            closings = try row.whole("closings")
            confirmed = try row.whole("confirmed")
            failed = try row.whole("failed")
            partial = try row.whole("partial")
            lifeforceSpent = try row.number("lifeforce_spent")
            lifeforceEarned = try row.number("lifeforce_earned")
            if row.optional("last_transition_at") != nil { lastTransitionAt = try row.time("last_transition_at") }
        } catch {
            let id = row.first ?? nil
            throw MemoryError(
                .unexpected, "the gate \(id ?? "without a name") cannot be read back: \(error.message)")
        }
    }
}
