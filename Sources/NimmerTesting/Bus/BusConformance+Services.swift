import NimmerBus
import NimmerWave

extension BusConformance {
    static let serving: [Check] = [
        Check("a process answers who it is, plain, by name, and by name and id") { bus, names in
            let description = ServiceResponder.Description(
                name: names.base, id: "one", version: "1.2.3", summary: "Checks.", metadata: ["domain": "math"],
                endpoints: [.init(name: "request", subject: try names.subject("request").text, queueGroup: "q")],
                started: Timestamp(milliseconds: 1_000))
            let responder = ServiceResponder(description, bus: bus)
            try await responder.start()
            let early = try await bus.request(Subject(foreign: "$SRV.STATS.\(names.base)"), payload: []).payload
            try expect(try JSON(parsing: early)["endpoints"]?.array?.count, 0, "endpoints while nothing is subscribed")
            responder.report {
                var statistics = ServiceResponder.Statistics()
                statistics.requests = 2
                statistics.processingTime = 6_000
                return statistics
            }
            for place in [".\(names.base)", ".\(names.base).one"] {
                for verb in ["PING", "INFO", "STATS"] {
                    let subject = try Subject(foreign: "$SRV.\(verb)\(place)")
                    let answer = try JSON(
                        parsing: try await bus.request(subject, payload: [], timeout: .seconds(60)).payload)
                    try expect(
                        answer["type"]?.string, "io.nats.micro.v1.\(verb.lowercased())_response", "type of \(subject)")
                    try expect(answer["name"]?.string, names.base, "name")
                    try expect(answer["id"]?.string, "one", "id")
                    try expect(answer["version"]?.string, "1.2.3", "version")
                    guard verb == "STATS" else { continue }
                    try expect(answer["endpoints"]?[0]?["average_processing_time"]?.int, 3_000, "average, ns")
                    let started = try Timestamp(rfc3339: unwrap(answer["started"]?.string, "start"))
                    try expect(started, description.started, "start")
                }
            }
            let all = try await collected(1, from: bus, Subject(foreign: "$SRV.PING"))
            let named = try all.filter { try JSON(parsing: $0.payload)["name"]?.string == names.base }
            try expect(named.count, 1, "answers to a ping of all")
            responder.stop()
            try await bus.flush(timeout: .seconds(60))
            try await expectFailure(.noResponders, "after the stop") {
                try await bus.request(Subject(foreign: "$SRV.PING.\(names.base)"), payload: [])
            }
        }
    ]
}
