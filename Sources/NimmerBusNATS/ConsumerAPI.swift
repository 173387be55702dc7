import NimmerBus
import NimmerWave

/// Makes consumers, and brings existing ones to a configuration.
struct ConsumerAPI {
    let bus: NATSBus

    /// A consumer that is there.
    struct Made {
        var name: String
        /// The sequence that it has come to: 0 before the first message.
        var position: UInt64 = 0
    }

    /// The consumer, once it exists.
    ///
    /// - Parameter from: the sequence to continue from, when a consumer without a name was forgotten by the server.
    func ensure(_ configuration: ConsumerConfiguration, from sequence: UInt64? = nil) async throws(BusError) -> Made {
        guard let durable = configuration.durable else {
            var config = wanted(configuration)
            start(sequence.map { .sequence($0) } ?? configuration.start, &config)
            // The server forgets a reader that did not ask for this long.
            config["inactive_threshold"] = Duration.seconds(300).json
            // A reader does not need the disk, which may be full; one that a restart forgets is made again.
            config["mem_storage"] = true
            let filter = try await filter(for: configuration)
            if let filter { config["filter_subject"] = .string(filter) }
            let made: JSON
            do throws(BusError) {
                made = try await bus.api.call(
                    "CONSUMER.CREATE.\(configuration.stream)", body(configuration.stream, config))
            } catch {
                // Nothing is there that it could differ from: the server could not make it.
                guard error.code == .conflict else { throw error }
                throw BusError(.full, error.message, cause: error.cause, number: error.number)
            }
            guard let name = made["name"]?.string else {
                throw BusError(.refused, "the server made a consumer of \(configuration.stream) without a name")
            }
            return Made(name: name, position: UInt64(max(0, made["delivered"]?["stream_seq"]?.int ?? 0)))
        }
        do throws(BusError) {
            let present = try await bus.api.call("CONSUMER.INFO.\(configuration.stream).\(durable.text)")
            var merged = present["config"]?.object ?? [:]
            var isSame = true
            for member in wanted(configuration) where merged[member.key]?.resolved != member.value {
                merged[member.key] = member.value
                isSame = false
            }
            if isSame { return Made(name: durable.text) }
            try await make(configuration.stream, durable, merged)
        } catch {
            guard error.code == .notFound else { throw error }
            var config = wanted(configuration)
            start(configuration.start, &config)
            config["durable_name"] = .string(durable.text)
            try await make(configuration.stream, durable, config)
        }
        return Made(name: durable.text)
    }

    private func make(_ stream: String, _ durable: Token, _ config: JSONObject) async throws(BusError) {
        _ = try await bus.api.call("CONSUMER.DURABLE.CREATE.\(stream).\(durable.text)", body(stream, config))
    }

    private func body(_ stream: String, _ config: JSONObject) -> JSON {
        ["stream_name": .string(stream), "config": .object(config)]
    }

    private func wanted(_ configuration: ConsumerConfiguration) -> JSONObject {
        var config: JSONObject = [
            "ack_policy": configuration.acknowledges ? "explicit" : "none",
            "replay_policy": "instant",
            "max_deliver": .number(Double(configuration.maximumDeliveries ?? -1)),
        ]
        if configuration.acknowledges {
            config["ack_wait"] = configuration.ackWait.json
            config["max_ack_pending"] = .number(Double(configuration.maximumPending))
        }
        if let filter = configuration.filter { config["filter_subject"] = .string(filter.text) }
        return config
    }

    private func start(_ start: ConsumerConfiguration.Start, _ config: inout JSONObject) {
        switch start {
        case .all: config["deliver_policy"] = "all"
        case .new: config["deliver_policy"] = "new"
        case .lastPerSubject: config["deliver_policy"] = "last_per_subject"
        case .at(let moment):
            config["deliver_policy"] = "by_start_time"
            config["opt_start_time"] = .string(moment.rfc3339)
        case .sequence(let first):
            config["deliver_policy"] = "by_start_sequence"
            config["opt_start_seq"] = .number(Double(max(1, first)))
        }
    }

    /// The newest of each subject can only be asked for with a filter.
    private func filter(for configuration: ConsumerConfiguration) async throws(BusError) -> String? {
        if let filter = configuration.filter { return filter.text }
        guard configuration.start == .lastPerSubject else { return nil }
        return ">"
    }
}
