import NimmerBus
import NimmerWave

/// Makes consumers, and brings existing ones to a configuration.
struct ConsumerAPI {
    let bus: NATSBus

    /// The consumer's name, once it exists.
    ///
    /// - Parameter from: the sequence to go on from, when a consumer without a name was forgotten by the server.
    func ensure(_ configuration: ConsumerConfiguration, from sequence: UInt64?) async throws(BusError) -> String {
        guard let durable = configuration.durable else {
            var config = wanted(configuration)
            start(configuration, from: sequence, &config)
            // The server forgets a reader that did not ask for this long.
            config["inactive_threshold"] = Duration.seconds(300).json
            let filter = try await filter(for: configuration)
            if let filter { config["filter_subject"] = .string(filter) }
            let made = try await bus.api.call(
                "CONSUMER.CREATE.\(configuration.stream)", body(configuration.stream, config))
            guard let name = made["name"]?.string else {
                throw BusError(.refused, "the server made a consumer of \(configuration.stream) without a name")
            }
            return name
        }
        do throws(BusError) {
            let present = try await bus.api.call("CONSUMER.INFO.\(configuration.stream).\(durable.text)")
            var merged = present["config"]?.object ?? [:]
            var isSame = true
            for member in wanted(configuration) where merged[member.key]?.resolved != member.value {
                merged[member.key] = member.value
                isSame = false
            }
            if isSame { return durable.text }
            try await make(configuration.stream, durable, merged)
        } catch {
            guard error.code == .notFound else { throw error }
            var config = wanted(configuration)
            start(configuration, from: nil, &config)
            config["durable_name"] = .string(durable.text)
            try await make(configuration.stream, durable, config)
        }
        return durable.text
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

    private func start(_ configuration: ConsumerConfiguration, from sequence: UInt64?, _ config: inout JSONObject) {
        if let sequence {
            config["deliver_policy"] = "by_start_sequence"
            config["opt_start_seq"] = .number(Double(sequence))
            return
        }
        switch configuration.start {
        case .all: config["deliver_policy"] = "all"
        case .new: config["deliver_policy"] = "new"
        case .lastPerSubject: config["deliver_policy"] = "last_per_subject"
        case .at(let moment):
            config["deliver_policy"] = "by_start_time"
            config["opt_start_time"] = .string(moment.rfc3339)
        }
    }

    /// The newest of each subject can only be asked for with a filter.
    private func filter(for configuration: ConsumerConfiguration) async throws(BusError) -> String? {
        if let filter = configuration.filter { return filter.text }
        guard configuration.start == .lastPerSubject else { return nil }
        return ">"
    }
}
