import NimmerGate
import NimmerWave

/// One budget of hearings a sender across all gates (trust.md, Limits around it): who is in many regions is not heard alone once in each.
///
/// A gate itself grants hearings by the record that an origin has there; this asks the same of the records in all gates together, and of those
/// of all origins as which the sender was heard.
struct HearingBudget: Sendable {
    /// A hearing whose outcome may not be known yet.
    struct Granted: Sendable {
        let region: Region
        let opening: MessageID
    }

    private struct Account: Sendable {
        /// Occasions that passed without a hearing since the last one, in all gates.
        var unheard = 0
        var granted: [Granted] = []
        /// Origins as which it was heard, as long as an outcome is awaited or failures count.
        var heard: Set<Int32> = []
    }

    private var accounts: [Int32: Account] = [:]

    /// A gate refused a hearing to a wave of this sender: an occasion has passed.
    mutating func pass(_ source: Int32) { accounts[source, default: Account()].unheard &+= 1 }

    /// Returns whether a hearing that a gate grants stands.
    ///
    /// - Parameters:
    ///   - origin: the origin as which the sender speaks.
    ///   - failed: failed outcomes of an origin in all gates: the sum over its origins gives the occasions of which the last is heard.
    ///   - isUndecided: whether the outcome of an earlier hearing is still awaited.
    mutating func admits(
        _ source: Int32, _ origin: Int32, failed: (Int32) -> Double, isUndecided: (Granted) -> Bool
    ) -> Bool {
        var account = accounts[source] ?? Account()
        defer { accounts[source] = account }
        account.granted.removeAll { !isUndecided($0) }
        if account.granted.isEmpty { account.heard = account.heard.filter { failed($0) > 0 } }
        let failures = account.heard.union([origin]).sorted().reduce(0) { $0 + failed($1) }
        let needed = OriginTrust.occasions(afterFailed: failures)
        guard account.granted.isEmpty, Double(account.unheard) >= needed - 1 else {
            account.unheard &+= 1
            return false
        }
        account.unheard = 0
        return true
    }

    /// Notes the opening that a hearing became.
    mutating func grant(_ source: Int32, as origin: Int32, _ granted: Granted) {
        var account = accounts[source] ?? Account()
        if !account.granted.contains(where: { $0.opening == granted.opening }) { account.granted.append(granted) }
        account.heard.insert(origin)
        accounts[source] = account
    }

    /// Gives the senders and their origins other numbers; a sender that has none any more is forgotten.
    mutating func renumber(_ number: (Int32) -> Int32, origins: (Int32) -> Int32) {
        accounts = Dictionary(
            accounts.compactMap { source, account in
                let new = number(source)
                var account = account
                account.heard = Set(account.heard.map(origins).filter { $0 >= 0 })
                return new < 0 ? nil : (new, account)
            }, uniquingKeysWith: { first, _ in first })
    }
}
