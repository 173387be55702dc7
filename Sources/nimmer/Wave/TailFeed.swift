import NimmerBus
import NimmerWave
import UnixSignals

/// Everything that a tail can hear: messages, what happens to the connection, signals, and the reader's leaving, in one
/// sequence that ends when the tail should.
struct TailFeed {
    enum Item: Sendable {
        case message(BusMessage)
        case notice(String)
        case readerGone
    }

    let items: AsyncStream<Item>

    /// Subscribes; what is published from now on is heard.
    init(_ bus: any Bus, _ patterns: [SubjectPattern]) async throws(BusError) {
        let (stream, continuation) = AsyncStream.makeStream(of: Item.self)
        items = stream
        var sequences: [MessageSequence] = []
        for pattern in patterns { sequences.append(try await bus.messages(pattern, limit: 65_536)) }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)

        let events = bus.events()
        let readers = sequences
        let listening = Task {
            await withTaskGroup(of: Void.self) { group in
                for sequence in readers {
                    group.addTask {
                        for await message in sequence { continuation.yield(.message(message)) }
                        continuation.finish()
                    }
                }
                group.addTask {
                    for await event in events {
                        if let text = event.notice { continuation.yield(.notice(text)) }
                    }
                }
                group.addTask {
                    for await _ in signals { continuation.finish() }
                }
                group.addTask {
                    var lost: UInt64 = 0
                    while !Task.isCancelled {
                        try? await Task.sleep(for: .milliseconds(200))
                        if Console.readerHasGone { continuation.yield(.readerGone) }
                        let now = readers.reduce(0) { $0 + $1.lost }
                        if now > lost {
                            continuation.yield(.notice("\(now - lost) messages lost: this reader is too slow"))
                            lost = now
                        }
                    }
                }
            }
        }
        continuation.onTermination = { _ in
            listening.cancel()
            for sequence in readers { sequence.cancel() }
        }
    }
}

extension BusEvent {
    /// What a person who watches should hear of it.
    var notice: String? {
        switch self {
        case .connected, .closed: nil
        case .reconnected(let server): "connected again to \(server.url)"
        case .disconnected: "the NATS server is gone; trying again"
        case .connectFailed(let error): "no connection: \(error)"
        case .slowConsumer(_, let lost): "\(lost) messages lost: this reader is too slow"
        case .failed(let error): "\(error)"
        case .serverLeaving: "the NATS server says that it will leave"
        }
    }
}
