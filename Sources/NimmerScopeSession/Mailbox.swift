import NimmerOutput
import NimmerScope
import NimmerTerminal
import NimmerWave
import Synchronization

/// Queue of events that were not read yet: filled from any thread, emptied by one, in order, a batch at a time.
///
/// Messages that find it full are lost and counted; everything else always finds a place. The one that empties it is woken when
/// the first of a batch comes, not for each, so that a flood costs one wake a frame.
package final class Mailbox: Sendable {
    private struct State {
        var events: [ScopeEvent] = []
        var messages = 0
        var lost = 0
        var ends = false
        /// Messages that wait until the past has been read; nil when none is read.
        var held: [ScopeEvent]?
    }

    /// Events that were taken out.
    package struct Batch {
        package var events: [ScopeEvent]
        /// Messages that found no place since the start.
        package var lost: Int
        /// Nothing comes any more.
        package var ends: Bool
    }

    /// So many messages wait at most.
    package static let capacity = 65_536

    package let wakeUp: EventSignal
    private let state = Mutex(State())

    package init() throws(Failure) {
        do {
            wakeUp = try EventSignal()
        } catch {
            throw Failure(.unavailable, error.description)
        }
    }

    /// Puts a message in, if there is room.
    package func post(subject: String, payload: [UInt8], arrival: Timestamp) {
        put { state in
            guard state.messages < Self.capacity else {
                state.lost += 1
                return
            }
            state.messages += 1
            let event = ScopeEvent.message(subject: subject, payload: payload, arrival: arrival)
            if state.held?.append(event) == nil { state.events.append(event) }
        }
    }

    /// Puts in a message of the past, before those that are held back.
    package func postPast(subject: String, payload: [UInt8], arrival: Timestamp) {
        put { state in
            state.messages += 1
            state.events.append(.message(subject: subject, payload: payload, arrival: arrival))
        }
    }

    /// Holds messages back from now on, while the past is read.
    package func hold() { state.withLock { $0.held = [] } }

    /// Releases what was held back, except for what the past held already.
    package func release(except known: Set<[UInt8]>) {
        put { state in
            for event in state.held ?? [] {
                if case .message(_, let payload, _) = event, known.contains(payload) {
                    state.messages -= 1
                } else {
                    state.events.append(event)
                }
            }
            state.held = nil
        }
    }

    /// Puts in anything but a message.
    package func post(_ event: ScopeEvent) { put { $0.events.append(event) } }

    /// Marks the end of the input.
    package func end() { put { $0.ends = true } }

    private func put(_ change: (inout State) -> Void) {
        let isFirst = state.withLock { state in
            let was = (state.events.isEmpty, state.ends)
            change(&state)
            return was != (state.events.isEmpty, state.ends)
        }
        if isFirst { wakeUp.signal() }
    }

    /// Takes everything out.
    package func take() -> Batch {
        state.withLock { state in
            let batch = Batch(events: state.events, lost: state.lost, ends: state.ends)
            state.events = []
            state.messages = state.held?.count ?? 0
            return batch
        }
    }

    /// Indicates whether so many messages wait that a source that can pause should do so.
    package var isCrowded: Bool { state.withLock { $0.messages > Self.capacity / 2 } }
}
