import NimmerBus
import NimmerWave

extension BusConformance {
    private static func makeStream(_ bus: any Bus, _ names: Names) async throws {
        try await bus.ensureStream(StreamConfiguration(name: names.stream, subjects: [names.pattern("s.>")]))
    }

    private static func fill(_ bus: any Bus, _ names: Names, _ count: Int) async throws {
        for number in 0..<count {
            try await bus.publishDurably(names.subject("s.\(number % 3)"), payload: bytes("\(number)"), id: .v7())
        }
    }

    static let storing: [Check] = [
        Check("a stream is made once and describes what it holds") { bus, names in
            try await makeStream(bus, names)
            try await makeStream(bus, names)
            try await fill(bus, names, 3)
            try bus.publish(names.subject("s.plain"), payload: bytes("plain"))
            try await bus.flush(timeout: .seconds(60))
            let info = try await bus.stream(names.stream)
            try expect(info.messages, 4, "messages")
            try expect([info.firstSequence, info.lastSequence], [1, 4], "sequences")
            let changed = StreamConfiguration(
                name: names.stream, subjects: [try names.pattern("s.>"), try names.pattern("t.>")],
                maximumAge: .seconds(3600))
            try expect(try await bus.ensureStream(changed).messages, 4, "messages after a change")
            try await bus.publishDurably(names.subject("t.1"), payload: [], id: .v7())
            try await bus.deleteStream(names.stream)
            try await bus.deleteStream(names.stream)
            try await expectFailure(.notFound, "a deleted stream") { try await bus.stream(names.stream) }
        },
        Check("an empty stream continues with a later sequence, and one that holds something does not") { bus, names in
            try await makeStream(bus, names)
            try await bus.skip(stream: names.stream, to: 5001)
            try await fill(bus, names, 2)
            let info = try await bus.stream(names.stream)
            try expect([info.messages, info.firstSequence, info.lastSequence], [2, 5001, 5002], "after a skip")
            try await expectFailure(.conflict, "a skip of messages") {
                try await bus.skip(stream: names.stream, to: 9000)
            }
            try await expectFailure(.notFound, "no stream") {
                try await bus.skip(stream: names.stream + "-none", to: 2)
            }
        },
        Check("one subject of a stream is purged, and its subjects are counted") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 7)
            let all = try await bus.subjects(of: names.stream, matching: names.pattern("s.*"))
            try expect(all, ["\(names.base).s.0": 3, "\(names.base).s.1": 2, "\(names.base).s.2": 2], "subjects")
            try expect(try await bus.purge(stream: names.stream, subject: names.subject("s.0")), 3, "purged")
            try expect(try await bus.purge(stream: names.stream, subject: names.subject("s.0")), 0, "purged again")
            try expect(try await bus.stream(names.stream).messages, 4, "messages")
            let one = try await bus.subjects(of: names.stream, matching: names.pattern("s.1"))
            try expect(one, ["\(names.base).s.1": 2], "one subject")
            let none = try await bus.subjects(of: names.stream, matching: names.pattern("s.0"))
            try expect(none, [:], "a purged subject")
            try await expectFailure(.notFound, "purging no stream") {
                try await bus.purge(stream: names.stream + "-none", subject: names.subject("s.0"))
            }
        },
        Check("a roll-up replaces its subject where the stream permits it, and is refused elsewhere") { bus, names in
            var stream = StreamConfiguration(name: names.stream, subjects: [try names.pattern("s.>")])
            try await bus.ensureStream(stream)
            try await fill(bus, names, 4)
            let headers: Headers = [Headers.rollUp: "sub"]
            do {
                try await bus.publishDurably(names.subject("s.0"), payload: bytes("new"), id: .v7(), headers: headers)
                throw Violation(description: "a roll-up was taken")
            } catch is BusError {}
            stream.allowsRollUps = true
            try await bus.ensureStream(stream)
            try await bus.publishDurably(names.subject("s.0"), payload: bytes("new"), id: .v7(), headers: headers)
            let left = try await bus.subjects(of: names.stream, matching: names.pattern("s.>"))
            try expect(left, ["\(names.base).s.0": 1, "\(names.base).s.1": 1, "\(names.base).s.2": 1], "subjects")
            let newest = try await bus.lastMessage(stream: names.stream, subject: names.subject("s.0"))
            try expect(newest.map { text($0.message.payload) }, "new", "the newest")
        },
        Check("the progress of durables is reported, too low rather than too high") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 6)
            let (one, two) = (try Token("one"), try Token("two"))
            let reader = try await bus.consumer(ConsumerConfiguration(stream: names.stream, durable: one))
            let batch = try await reader.fetch(maximum: 5, wait: .seconds(60), linger: .seconds(60))
            try expect(batch.count, 5, "fetched")
            for place in [0, 1, 3] { try batch[place].ack() }
            try await bus.flush(timeout: .seconds(60))
            let other = try await bus.consumer(
                ConsumerConfiguration(
                    stream: names.stream, durable: two, filter: try names.pattern("s.0"), start: .sequence(4)))
            // As in settled(_:): the acknowledgements may be taken in after the question.
            var found = try await bus.durables(of: names.stream)
            let deadline = ContinuousClock.now + .seconds(120)
            while found.map(\.position) != [2, 3], ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(5))
                found = try await bus.durables(of: names.stream)
            }
            try expect(found.map(\.name), ["one", "two"], "names")
            try expect(found.map(\.filter), [nil, try names.pattern("s.0").text], "filters")
            try expect(found.map(\.position), [2, 3], "positions")
            try expect(found.map(\.isOrdinary), [true, true], "kinds")
            await reader.stop()
            await other.stop()
            try await expectFailure(.notFound, "no stream") { _ = try await bus.durables(of: names.stream + "-none") }
        },
        Check("two streams cannot keep the same subject") { bus, names in
            try await makeStream(bus, names)
            try await expectFailure(.conflict, "an overlap") {
                try await bus.ensureStream(
                    StreamConfiguration(name: names.stream + "-2", subjects: [names.pattern("s.0")]))
            }
        },
        Check("a repeated id is acknowledged and kept once") { bus, names in
            try await makeStream(bus, names)
            let id = MessageID.v7()
            let first = try await bus.publishDurably(names.subject("s.0"), payload: bytes("once"), id: id)
            let second = try await bus.publishDurably(names.subject("s.0"), payload: bytes("once"), id: id)
            try expect(first, StreamAck(stream: names.stream, sequence: 1, isDuplicate: false), "first")
            try expect(second, StreamAck(stream: names.stream, sequence: 1, isDuplicate: true), "second")
            try expect(try await bus.stream(names.stream).messages, 1, "messages")
        },
        Check("a durable message that no stream keeps fails") { bus, names in
            try await expectFailure(.noResponders, "no stream") {
                try await bus.publishDurably(
                    names.subject("none"), payload: [], id: .v7(), timeout: .seconds(1))
            }
        },
        Check("acknowledgements call back, also for what is sent from within a handler") { bus, names in
            try await makeStream(bus, names)
            let done = try await bus.messages(names.pattern("done"))
            let subjects = (
                go: try names.subject("go"), stored: try names.subject("s.1"), done: try names.subject("done")
            )
            let starter = try await bus.subscribe(names.pattern("go")) { _, _, _ in
                bus.publishDurably(subjects.stored, payload: [1], id: .v7(), headers: [:], timeout: .seconds(60)) {
                    result in
                    let words = (try? result.get()).map { "\($0.sequence)" } ?? "failed"
                    try? bus.publish(subjects.done, payload: bytes(words))
                }
            }
            try bus.publish(subjects.go, payload: [])
            try expect(await next(1, of: done), ["1"], "acknowledged")
            starter.cancel()
        },
        Check("the newest message of a subject, and of every subject, is found") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 7)
            let last = try unwrap(
                try await bus.lastMessage(stream: names.stream, subject: names.subject("s.1")), "last of s.1")
            try expect(text(last.message.payload), "4", "payload")
            try expect(last.sequence, 5, "sequence")
            try expect(last.message.headers[Headers.messageID] != nil, true, "its id came with it")
            guard last.message.at.nanoseconds > 0 else { throw Violation(description: "no time") }
            let none = try await bus.lastMessage(stream: names.stream, subject: names.subject("s.9"))
            try expect(none, nil, "of a subject without messages")
            try await expectFailure(.notFound, "no stream") {
                try await bus.lastMessage(stream: "NONE", subject: names.subject("s.1"))
            }
            let newest = try await bus.lastPerSubject(stream: names.stream)
            try expect(newest.map { text($0.message.payload) }, ["4", "5", "6"], "newest of each")
            let one = try await bus.lastPerSubject(stream: names.stream, filter: names.pattern("s.2"))
            try expect(one.map { text($0.message.payload) }, ["5"], "newest with a filter")
            let everything = try await bus.read(stream: names.stream)
            try expect(everything.map(\.sequence), Array(1...7), "all of it")
        },
        Check("of a stream that captured more once, the newest of every subject is found") { bus, names in
            try await bus.ensureStream(
                StreamConfiguration(name: names.stream, subjects: [try names.pattern("s.>"), try names.pattern("t.>")]))
            try await bus.publishDurably(names.subject("t.1"), payload: bytes("once"), id: .v7())
            try await fill(bus, names, 6)
            try await makeStream(bus, names)
            let found = try await bus.lastPerSubject(stream: names.stream, filter: names.pattern("s.>"))
            try expect(found.map { text($0.message.payload) }, ["3", "4", "5"], "newest")
        },
        Check("one message is found by its sequence, and removed") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 3)
            let second = try unwrap(try await bus.message(stream: names.stream, sequence: 2), "the second")
            try expect(text(second.message.payload), "1", "payload")
            try expect(second.sequence, 2, "sequence")
            try expect(second.message.headers[Headers.messageID] != nil, true, "its id came with it")
            try expect(try await bus.message(stream: names.stream, sequence: 4), nil, "not there yet")
            try expect(try await bus.message(stream: names.stream, sequence: 0), nil, "never there")
            try expect(try await bus.deleteMessage(stream: names.stream, sequence: 2), true, "removed")
            try expect(try await bus.deleteMessage(stream: names.stream, sequence: 2), false, "removed once")
            try expect(try await bus.message(stream: names.stream, sequence: 2), nil, "gone")
            try expect(try await bus.read(stream: names.stream).map(\.sequence), [1, 3], "the others stay")
            try await expectFailure(.notFound, "no stream") { try await bus.message(stream: "NONE", sequence: 1) }
            try await expectFailure(.notFound, "no stream") { try await bus.deleteMessage(stream: "NONE", sequence: 1) }
        },
        Check("bounds hold: the oldest go") { bus, names in
            try await bus.ensureStream(
                StreamConfiguration(name: names.stream, subjects: [names.pattern("s.>")], maximumMessages: 5))
            try await fill(bus, names, 9)
            let info = try await bus.stream(names.stream)
            try expect(info.messages, 5, "messages")
            try expect(info.firstSequence, 5, "first")
        },
    ]

    static let consuming: [Check] = [
        Check("a durable consumer continues where its last reader stopped") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 10)
            let configuration = ConsumerConfiguration(stream: names.stream, durable: try Token("reader"))
            let first = try await bus.consumer(configuration)
            let batch = try await first.fetch(maximum: 4, wait: .seconds(60), linger: .seconds(60))
            try expect(batch.map { text($0.message.payload) }, ["0", "1", "2", "3"], "first batch")
            try expect(batch.map(\.deliveryCount), [1, 1, 1, 1], "deliveries")
            try expect(batch.map(\.sequence), [1, 2, 3, 4], "sequences")
            try expect(batch[0].message.subject, names.subject("s.0"), "subject")
            for delivery in batch { try delivery.ack() }
            try await bus.flush(timeout: .seconds(60))
            await first.stop()
            let second = try await bus.consumer(configuration)
            let rest = try await second.fetch(maximum: 6, wait: .seconds(60), linger: .seconds(60))
            try expect(rest.map { text($0.message.payload) }, ["4", "5", "6", "7", "8", "9"], "second batch")
            try expect(rest.last?.waiting, 0, "waiting after the last")
            for delivery in rest { try delivery.ack() }
            let info = try await settled(second)
            try expect([info.waiting, UInt64(info.unacknowledged)], [0, 0], "left")
            let empty = try await second.fetch(maximum: 1, wait: .milliseconds(50), linger: .zero)
            try expect(empty.count, 0, "nothing is no error")
        },
        Check("a fetch waits for the first message") { bus, names in
            try await makeStream(bus, names)
            let consumer = try await bus.consumer(
                ConsumerConfiguration(stream: names.stream, durable: try Token("waiting")))
            async let batch = consumer.fetch(maximum: 10, wait: .seconds(60), linger: .zero)
            try await bus.publishDurably(names.subject("s.0"), payload: bytes("late"), id: .v7())
            try expect(try await batch.map { text($0.message.payload) }, ["late"], "batch")
        },
        Check("what is not acknowledged in time comes again") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 2)
            let consumer = try await bus.consumer(
                ConsumerConfiguration(
                    stream: names.stream, durable: try Token("slow"), ackWait: .milliseconds(300)))
            let batch = try await consumer.fetch(maximum: 2, wait: .seconds(60), linger: .seconds(60))
            try batch[1].ack()
            // On a busy machine the acknowledgement may be later than the wait, and the reader late once more.
            var again: [Delivery] = []
            for _ in 0..<10 where !again.contains(where: { text($0.message.payload) == "0" }) {
                let more = try await consumer.fetch(maximum: 2, wait: .seconds(60), linger: .zero)
                for delivery in more where text(delivery.message.payload) == "1" { try delivery.ack() }
                again += more
            }
            let zero = try unwrap(again.last { text($0.message.payload) == "0" }, "the message that comes again")
            try expect(zero.deliveryCount >= 2, true, "delivered again, \(zero.deliveryCount) times")
            try zero.ack()
            let info = try await settled(consumer)
            try expect([info.waiting, UInt64(info.unacknowledged)], [0, 0], "left")
        },
        Check("nak brings a message back, term sets it aside") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 2)
            let consumer = try await bus.consumer(
                ConsumerConfiguration(stream: names.stream, durable: try Token("picky")))
            let batch = try await consumer.fetch(maximum: 2, wait: .seconds(60), linger: .seconds(60))
            try batch[0].nak()
            try batch[1].term()
            let again = try await consumer.fetch(maximum: 2, wait: .seconds(60), linger: .milliseconds(100))
            try expect(again.map { text($0.message.payload) }, ["0"], "again")
            try again[0].nak(delay: .milliseconds(100))
            let later = try await consumer.fetch(maximum: 2, wait: .seconds(60), linger: .zero)
            try expect(later.map(\.deliveryCount), [3], "third time")
            try later[0].ack()
            try expect(try await settled(consumer).unacknowledged, 0, "unacknowledged")
        },
        Check("filters and starts choose what is read") { bus, names in
            try await makeStream(bus, names)
            try await fill(bus, names, 6)
            let filtered = try await bus.consumer(
                ConsumerConfiguration(
                    stream: names.stream, durable: try Token("filtered"), filter: try names.pattern("s.2")))
            let some = try await filtered.fetch(maximum: 2, wait: .seconds(60), linger: .seconds(60))
            try expect(some.map { text($0.message.payload) }, ["2", "5"], "filtered")
            let more = try await filtered.fetch(maximum: 1, wait: .milliseconds(100), linger: .zero)
            try expect(more.count, 0, "messages of other subjects")
            let fresh = try await bus.consumer(
                ConsumerConfiguration(stream: names.stream, durable: try Token("fresh"), start: .new))
            try await bus.publishDurably(names.subject("s.0"), payload: bytes("new"), id: .v7())
            let new = try await fresh.fetch(maximum: 10, wait: .seconds(60), linger: .milliseconds(100))
            try expect(new.map { text($0.message.payload) }, ["new"], "new")
            let from = try unwrap(some.last, "last").message.at
            let since = try await bus.read(stream: names.stream, start: .at(from))
            try expect(since.map { text($0.message.payload) }, ["5", "new"], "since a moment")
        },
        Check("a cancelled fetch ends, and a consumer of nothing is refused") { bus, names in
            try await makeStream(bus, names)
            let consumer = try await bus.consumer(
                ConsumerConfiguration(stream: names.stream, durable: try Token("idle")))
            let task = Task { try await consumer.fetch(maximum: 1, wait: .seconds(60), linger: .zero) }
            task.cancel()
            try await expectFailure(.cancelled, "cancellation") { try await task.value }
            try await expectFailure(.notFound, "no stream") {
                try await bus.consumer(ConsumerConfiguration(stream: "NONE", durable: try Token("idle")))
            }
        },
    ]

    static let keeping: [Check] = [
        Check("keys have values and revisions") { bus, names in
            let store = try await bus.keyValue(KeyValueConfiguration(bucket: names.bucket))
            try expect(try await store.get("a.b"), nil, "nothing yet")
            let first = try await store.put("a.b", bytes("1"))
            let second = try await store.put("a.b", bytes("2"))
            guard second > first else { throw Violation(description: "revisions do not grow") }
            let entry = try unwrap(try await store.get("a.b"), "entry")
            try expect(text(entry.value), "2", "value")
            try expect(entry.revision, second, "revision")
            try expect(entry.key, "a.b", "key")
            try await expectFailure(.conflict, "creating what exists") { try await store.create("a.b", []) }
            try await expectFailure(.conflict, "an old revision") {
                try await store.update("a.b", bytes("3"), revision: first)
            }
            try await store.update("a.b", bytes("3"), revision: second)
            try await store.delete("a.b")
            try expect(try await store.get("a.b"), nil, "deleted")
            try await store.create("a.b", bytes("4"))
            try await store.put("c", bytes("5"))
            let entries = try await store.entries()
            try expect(entries.map(\.key), ["a.b", "c"], "entries")
            try await expectFailure(.invalid, "a key with a wildcard") { try await store.put("a.*", []) }
        },
        Check("a watcher sees what is there and every change") { bus, names in
            let store = try await bus.keyValue(KeyValueConfiguration(bucket: names.bucket))
            try await store.put("k.1", bytes("a"))
            try await store.put("other", bytes("b"))
            var watcher = try await store.watch("k.>").makeAsyncIterator()
            try expect(text(try unwrap(await watcher.next(), "present").value), "a", "present")
            try await store.put("k.2", bytes("c"))
            try expect(try unwrap(await watcher.next(), "change").key, "k.2", "change")
            try await store.delete("k.1")
            let gone = try unwrap(await watcher.next(), "deletion")
            try expect(gone.key, "k.1", "deleted key")
            try expect(gone.isDeleted, true, "deletion")
        },
    ]
}
