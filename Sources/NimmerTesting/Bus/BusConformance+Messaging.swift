import NimmerBus
import NimmerWave

extension BusConformance {
    static let messaging: [Check] = [
        Check("what is published reaches who subscribed, in order, bytes unchanged") { bus, names in
            let messages = try await bus.messages(names.pattern("a"))
            for number in 0..<100 { try bus.publish(names.subject("a"), payload: bytes("\(number)")) }
            try expect(await next(100, of: messages), (0..<100).map(String.init), "payloads")
            let all = (0...255).map { UInt8($0) }
            try bus.publish(names.subject("a"), payload: all)
            var iterator = messages.makeAsyncIterator()
            let last = try unwrap(await iterator.next(), "message")
            try expect(last.payload, all, "bytes")
            try expect(last.subject, names.subject("a"), "subject")
            try expect(last.reply, nil, "reply")
        },
        Check("a handler sees subject and payload where they arrived") { bus, names in
            let seen = Seen()
            let done = try await bus.messages(names.pattern("done"))
            let end = try names.subject("done")
            let subscription = try await bus.subscribe(names.pattern("x.*")) { subject, payload, arrival in
                seen.add("\(subject.byteCount) \(payload.byteCount) \(arrival.wantsReply)")
                try? bus.publish(end, payload: arrival.message().payload)
            }
            try bus.publish(names.subject("x.y"), payload: bytes("four"))
            try expect(await next(1, of: done), ["four"], "published from within the handler")
            let length = try names.subject("x.y").text.utf8.count
            try expect(seen.all, ["\(length) 4 false"], "seen")
            try await bus.flush(timeout: .seconds(60))
            try expect(subscription.received, 1, "received")
            try expect(subscription.lost, 0, "lost")
        },
        Check("wildcards match as NATS has them") { bus, names in
            let star = try await bus.messages(names.pattern("*.wave"))
            let rest = try await bus.messages(names.pattern("cells.>"))
            for subject in ["cells.wave", "cells.a.wave", "nerves.wave", "cells"] {
                try bus.publish(names.subject(subject), payload: bytes(subject))
            }
            try expect(await next(2, of: star), ["cells.wave", "nerves.wave"], "*")
            try expect(await next(2, of: rest), ["cells.wave", "cells.a.wave"], ">")
        },
        Check("headers travel, in order and more than once") { bus, names in
            let messages = try await bus.messages(names.pattern("h"))
            var headers: Headers = ["Nats-Msg-Id": "1"]
            headers.append("Colour", "red")
            headers.append("Colour", "blue")
            try bus.publish(names.subject("h"), payload: [], headers: headers)
            var iterator = messages.makeAsyncIterator()
            let message = try unwrap(await iterator.next(), "message")
            try expect(message.headers["Nats-Msg-Id"], "1", "id")
            try expect(message.headers.fields.filter { $0.name == "Colour" }.map(\.value), ["red", "blue"], "values")
            try expect(message.headers["colour"], nil, "names are compared exactly")
        },
        Check("a queue group shares, and every other subscriber gets all") { bus, names in
            let all = try await bus.messages(names.pattern("q"))
            let group = try Token("group")
            let one = try await bus.subscribe(names.pattern("q"), queue: group) { _, _, _ in }
            let two = try await bus.subscribe(names.pattern("q"), queue: group) { _, _, _ in }
            for number in 0..<200 { try bus.publish(names.subject("q"), payload: bytes("\(number)")) }
            try expect(await next(200, of: all).count, 200, "messages of all")
            try await bus.flush(timeout: .seconds(60))
            try expect(one.received + two.received, 200, "messages of the group")
            guard one.received > 0, two.received > 0 else { throw Violation(description: "one member got everything") }
        },
        Check("a member that leaves a queue group in order loses nothing and doubles nothing") { bus, names in
            let seen = Seen()
            let group = try Token("group")
            let one = try await bus.subscribe(names.pattern("d"), queue: group) { _, _, arrival in
                seen.add(String(decoding: arrival.message().payload, as: UTF8.self))
            }
            let two = try await bus.subscribe(names.pattern("d"), queue: group) { _, _, arrival in
                seen.add(String(decoding: arrival.message().payload, as: UTF8.self))
            }
            for number in 0..<500 { try bus.publish(names.subject("d"), payload: bytes("\(number)")) }
            async let left: Void = one.drain(timeout: .seconds(60))
            for number in 500..<1000 { try bus.publish(names.subject("d"), payload: bytes("\(number)")) }
            await left
            let before = one.received
            for number in 1000..<1100 { try bus.publish(names.subject("d"), payload: bytes("\(number)")) }
            try await bus.flush(timeout: .seconds(60))
            try expect(Set(seen.all).count, 1100, "different messages")
            try expect(seen.all.count, 1100, "messages")
            try expect(one.received, before, "messages of the one that left")
            two.cancel()
        },
        Check("a cancelled subscription gets nothing more, and its sequence ends") { bus, names in
            let seen = Seen()
            let subscription = try await bus.subscribe(names.pattern("c")) { _, _, _ in seen.add("called") }
            subscription.cancel()
            subscription.cancel()
            try bus.publish(names.subject("c"), payload: [])
            try await bus.flush(timeout: .seconds(60))
            try expect(seen.all, [], "calls after the end")
            let messages = try await bus.messages(names.pattern("c"))
            try bus.publish(names.subject("c"), payload: bytes("kept"))
            try await bus.flush(timeout: .seconds(60))
            messages.cancel()
            try expect(await next(2, of: messages), ["kept"], "messages before the end")
        },
        Check("a handler may cancel its own subscription") { bus, names in
            let seen = Seen()
            let owner = Owner()
            owner.subscription = try await bus.subscribe(names.pattern("o")) { _, _, _ in
                seen.add("called")
                owner.subscription?.cancel()
            }
            for _ in 0..<10 { try bus.publish(names.subject("o"), payload: []) }
            try await bus.flush(timeout: .seconds(60))
            try expect(seen.all.count, 1, "calls")
        },
        Check("what a slow handler misses is counted and announced") { bus, names in
            let events = bus.events()
            let seen = Seen()
            let end = try await bus.messages(names.pattern("end"))
            let subjects = (
                start: try names.subject("start"), flood: try names.subject("flood"), end: try names.subject("end")
            )
            let flooded = try await bus.subscribe(names.pattern("flood"), queue: nil, pending: 8) { _, _, _ in
                seen.add("one")
            }
            // Published in one turn, so that all of them wait at once.
            let starter = try await bus.subscribe(names.pattern("start")) { _, _, _ in
                for _ in 0..<20_000 { try? bus.publish(subjects.flood, payload: []) }
                try? bus.publish(subjects.end, payload: bytes("end"))
            }
            try bus.publish(subjects.start, payload: [])
            _ = await next(1, of: end)
            try await bus.flush(timeout: .seconds(60))
            starter.cancel()
            guard flooded.lost > 0 else { throw Violation(description: "nothing was lost") }
            try expect(flooded.received + flooded.lost, 20_000, "received and lost")
            try expect(UInt64(seen.all.count), flooded.received, "calls")
            guard bus.status.counters.lost >= flooded.lost else {
                throw Violation(description: "the bus did not count")
            }
            for await event in events {
                guard case .slowConsumer(let pattern, let lost) = event else { continue }
                try expect(pattern, flooded.pattern.text, "pattern of the event")
                guard lost > 0 else { throw Violation(description: "an event of no loss") }
                break
            }
        },
        Check("the largest message of the wire passes, and one above the server's limit is refused") { bus, names in
            let messages = try await bus.messages(names.pattern("big"))
            try bus.publish(names.subject("big"), payload: [UInt8](repeating: 7, count: Wire.maximumBytes))
            var iterator = messages.makeAsyncIterator()
            try expect(await iterator.next()?.payload.count, Wire.maximumBytes, "bytes")
            let limit = try unwrap(bus.status.server, "server").maximumPayload
            try await expectFailure(.tooLarge, "a message above the limit") {
                try bus.publish(names.subject("big"), payload: [UInt8](repeating: 7, count: limit + 1))
            }
        },
    ]
}

/// Holds a subscription for its own handler.
///
/// `@unchecked Sendable`: set once, before anything is published that its handler could receive.
private final class Owner: @unchecked Sendable {
    // Set once before the first message, read on the delivery thread afterwards.
    var subscription: (any Subscription)?
}

extension BusConformance {
    static let asking: [Check] = [
        Check("a request is answered") { bus, names in
            let service = try await bus.subscribe(names.pattern("double")) { _, _, arrival in
                let message = arrival.message()
                try? bus.respond(to: message, payload: message.payload + message.payload, headers: ["Kind": "double"])
            }
            let answer = try await bus.request(names.subject("double"), payload: bytes("ab"), timeout: .seconds(60))
            try expect(text(answer.payload), "abab", "answer")
            try expect(answer.headers["Kind"], "double", "header of the answer")
            service.cancel()
        },
        Check("a request without a responder fails at once") { bus, names in
            try await expectFailure(.noResponders, "no service") {
                try await bus.request(names.subject("unserved"), payload: [], timeout: .seconds(30))
            }
        },
        Check("a request that is not answered times out") { bus, names in
            let silent = try await bus.subscribe(names.pattern("silent")) { _, _, _ in }
            try await expectFailure(.timeout, "silence") {
                try await bus.request(names.subject("silent"), payload: [], timeout: .milliseconds(50))
            }
            silent.cancel()
        },
        Check("a cancelled request ends") { bus, names in
            let asked = try await bus.messages(names.pattern("never"))
            let subject = try names.subject("never")
            let task = Task { try await bus.request(subject, payload: bytes("?"), timeout: .seconds(60)) }
            _ = await next(1, of: asked)
            task.cancel()
            try await expectFailure(.cancelled, "cancellation") { try await task.value }
        },
        Check("many answers are collected until the time is over") { bus, names in
            var services: [any Subscription] = []
            for number in 0..<3 {
                services.append(
                    try await bus.subscribe(names.pattern("all")) { _, _, arrival in
                        try? bus.respond(to: arrival.message(), payload: bytes("\(number)"))
                    })
            }
            let answers = try await collected(3, from: bus, names.subject("all"))
            try expect(answers.map { text($0.payload) }.sorted(), ["0", "1", "2"], "answers")
            for service in services { service.cancel() }
            let none = try await bus.requestMany(names.subject("empty"), payload: [], wait: .milliseconds(50))
            try expect(none.count, 0, "answers without a responder")
        },
    ]

    static let ending: [Check] = [
        Check("draining handles what has arrived, then everything has ended") { bus, names in
            let seen = Seen()
            let subscription = try await bus.subscribe(names.pattern("d")) { _, payload, _ in seen.add("one") }
            let events = bus.events()
            for _ in 0..<1000 { try bus.publish(names.subject("d"), payload: []) }
            try await bus.flush(timeout: .seconds(60))
            await bus.drain()
            try expect(seen.all.count, 1000, "handled")
            try expect(subscription.received, 1000, "received")
            try expect(bus.status.phase, .closed, "phase")
            try await expectFailure(.closed, "publishing") { try bus.publish(names.subject("d"), payload: []) }
            try await expectFailure(.closed, "asking") { try await bus.request(names.subject("d"), payload: []) }
            try await expectFailure(.closed, "subscribing") { try await bus.messages(names.pattern("d")) }
            var last: BusEvent?
            for await event in events { last = event }
            try expect(last, .closed, "last event")
            await bus.close()
        },
        Check("closing ends sequences and waiting requests") { bus, names in
            let messages = try await bus.messages(names.pattern("wait"))
            let subject = try names.subject("wait")
            let task = Task { try await bus.request(subject, payload: bytes("?"), timeout: .seconds(60)) }
            _ = await next(1, of: messages)
            await bus.close()
            try await expectFailure(.closed, "a waiting request") { try await task.value }
            try expect(await next(1, of: messages), [], "messages after the end")
        },
    ]
}
