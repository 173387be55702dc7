import NimmerWave

/// One budget of hearings a sender across all gates (trust.md, Limits around it): who is in many regions is not heard alone once in each.
///
/// A gate itself grants hearings by the record that an origin has there; this asks the same of the records in all gates together.
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
    }

    private var accounts: [Int32: Account] = [:]

    /// A gate refused a hearing to a wave of this sender: an occasion has passed.
    mutating func pass(_ source: Int32) { accounts[source, default: Account()].unheard &+= 1 }

    /// Returns whether a hearing that a gate grants stands.
    ///
    /// - Parameters:
    ///   - needed: occasions of which the last is heard: 2 to the power of the failed outcomes in all gates.
    ///   - isUndecided: whether the outcome of an earlier hearing is still awaited.
    mutating func admits(_ source: Int32, needed: Double, isUndecided: (Granted) -> Bool) -> Bool {
        var account = accounts[source] ?? Account()
        defer { accounts[source] = account }
        account.granted.removeAll { !isUndecided($0) }
        guard account.granted.isEmpty, Double(account.unheard) >= needed - 1 else {
            account.unheard &+= 1
            return false
        }
        account.unheard = 0
        return true
    }

    /// Notes the opening that a hearing became.
    mutating func grant(_ source: Int32, _ granted: Granted) {
        accounts[source, default: Account()].granted.append(granted)
    }

    /// Gives the senders other numbers; who has none any more is forgotten.
    mutating func renumber(_ number: (Int32) -> Int32) {
        accounts = Dictionary(
            accounts.compactMap { source, account in
                let new = number(source)
                return new < 0 ? nil : (new, account)
            }, uniquingKeysWith: { first, _ in first })
    }
}
