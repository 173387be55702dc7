import Synchronization

/// Lets intakes pass while there is room: open, closed until it opens again, or shut permanently.
final class FlowControl: Sendable {
    private enum Position { case open, closed, shut }

    private struct State {
        var position = Position.open
        var waiting: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.position == .open } }
    var isShut: Bool { state.withLock { $0.position == .shut } }

    /// Holds the intakes back; a valve that is shut stays so.
    func close() { turn(.closed) }

    /// Lets the intakes pass.
    func open() { turn(.open) }

    /// Ends the intakes.
    func shut() { turn(.shut) }

    /// Returns true as soon as the valve is open, false once it is shut.
    func pass() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                switch state.position {
                case .open: return true
                case .shut: return false
                case .closed:
                    state.waiting.append(continuation)
                    return nil
                }
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func turn(_ position: Position) {
        let released = state.withLock { state -> [CheckedContinuation<Bool, Never>] in
            guard state.position != .shut else { return [] }
            state.position = position
            guard position != .closed else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in released { continuation.resume(returning: position == .open) }
    }
}
