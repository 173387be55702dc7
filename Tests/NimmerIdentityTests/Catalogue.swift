/// Every kind of subject on this ground, and by hand who may do what: an oracle that shares nothing with the generator.
enum Catalogue {
    static let parts = [
        "math", "flow", "motor", "cellar", "reflex", "thalamus", "cognition-bridge", "hippocampus", "vision",
    ]
    static let people = ["observer", "operator"]
    static let streams = ["DEV-TRANSITIONS", "DEV-ESCALATIONS", "DEV-DECISIONS", "DEV-WAVES"]
    static let durables = [
        "DEV-TRANSITIONS.hippocampus", "DEV-DECISIONS.hippocampus-decisions", "DEV-ESCALATIONS.bridge",
        "DEV-ESCALATIONS.hippocampus-requests",
    ]

    /// Subjects to publish on; each is also one to subscribe to.
    static var subjects: [String] {
        var all: [String] = []
        for part in parts + ["stranger"] {
            all += ["wave", "request", "response", "handover"].map { "dev.nervous.cells.\(part).\($0)" }
            all += ["wave", "state", "handover"].map { "dev.nervous.nerves.\(part).\($0)" }
            all += ["dev.nervous.rejects.\(part)", "dev.nervous.gates.\(part)-cell.transition"]
            all += ["$SRV.PING.\(part)", "$SRV.STATS.\(part).\(part)-1", "_INBOX_\(part).x.1"]
        }
        all += ["dev.nervous.gates.reflex-nerve.transition", "dev.nervous.gates.plant.transition"]
        all += ["dev.nervous.thalamus.collapse", "dev.nervous.thalamus.attention", "dev.nervous.traces.correlation"]
        all += ["dev.nervous.outcomes.plant.feedback", "dev.nervous.shards.3.x"]
        all += ["vision", "speech", "poem"].flatMap { name in ["ask", "release"].map { "dev.organs.\(name).\($0)" } }
        all += ["dev.cognitive.bridge.act", "dev.cognitive.bridge.request", "dev.cognitive.bridge.response"]
        all += ["dev.cognitive.gemma.heartbeat"]
        for other in ["staging", "prod"] {
            all += ["\(other).nervous.cells.math.wave", "\(other).cognitive.bridge.response"]
        }
        all += ["plant.flow.metres", "plant.wheels", "house.pump", "house.level", "elsewhere.device"]
        all += ["$SRV.PING", "$SRV.INFO", "$SRV.STATS", "_INBOX.x.1", "_INBOX_observer.x.1", "_INBOX_operator.x.1"]
        all += ["$SYS.REQ.SERVER.PING", "$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"]
        for stream in streams + ["OTHER", "KV_DEV-SHARDS", "KV_DEV-ACTS", "KV_OTHER"] {
            for verb in ["INFO", "CREATE", "UPDATE", "DELETE", "PURGE", "SNAPSHOT", "MSG.GET", "MSG.DELETE"] {
                all.append("$JS.API.STREAM.\(verb).\(stream)")
            }
            all.append("$JS.API.CONSUMER.CREATE.\(stream)")
            all += ["INFO", "MSG.NEXT", "DELETE"].map { "$JS.API.CONSUMER.\($0).\(stream).somebody" }
            all += ["$JS.API.CONSUMER.DURABLE.CREATE.\(stream).somebody", "$JS.ACK.\(stream).somebody.1.1.1.1.0"]
        }
        for durable in durables {
            all += ["DURABLE.CREATE", "INFO", "MSG.NEXT", "DELETE"].map { "$JS.API.CONSUMER.\($0).\(durable)" }
            all.append("$JS.ACK.\(durable).1.1.1.1.0")
        }
        all += ["$KV.DEV-SHARDS.members.a", "$KV.DEV-ACTS.a", "$KV.OTHER.key", "$SRV.INFO.motor", "$SRV.INFO.math"]
        return all
    }

    /// Patterns that somebody might try to read more with.
    static let wide = [
        ">", "*.>", "dev.>", "prod.>", "dev.nervous.>", "dev.cognitive.>", "dev.nervous.cells.>",
        "dev.nervous.cells.*.wave", "dev.nervous.cells.*.request", "dev.nervous.*.*.wave", "dev.nervous.outcomes.>",
        "dev.nervous.shards.>", "_INBOX.>", "_INBOX_math.>", "_INBOX_thalamus.>", "$JS.>", "$JS.API.>", "$JS.ACK.>",
        "$KV.>", "$SYS.>", "$SRV.>",
    ]

    private static func cell(_ name: String) -> Set<String> {
        [
            "dev.nervous.cells.\(name).wave", "dev.nervous.cells.\(name).response", "dev.nervous.rejects.\(name)",
            "dev.nervous.gates.\(name)-cell.transition", "dev.nervous.cells.\(name).handover",
        ]
    }

    private static func reading(_ stream: String) -> Set<String> {
        var all: Set<String> = ["$JS.API.CONSUMER.CREATE.\(stream)"]
        all.formUnion(["INFO", "MSG.NEXT", "DELETE"].map { "$JS.API.CONSUMER.\($0).\(stream).somebody" })
        // What a durable is like may be looked at; nothing may be taken from it.
        all.formUnion(durables.filter { $0.hasPrefix("\(stream).") }.map { "$JS.API.CONSUMER.INFO.\($0)" })
        return all
    }

    private static func working(_ durable: String) -> Set<String> {
        Set(["DURABLE.CREATE", "INFO", "MSG.NEXT"].map { "$JS.API.CONSUMER.\($0).\(durable)" })
            .union(["$JS.ACK.\(durable).1.1.1.1.0"])
    }

    private static func streams(_ names: ArraySlice<String>, _ verbs: [String]) -> Set<String> {
        Set(names.flatMap { name in verbs.map { "$JS.API.STREAM.\($0).\(name)" } })
    }

    private static var looking: Set<String> {
        Set(subjects.filter { $0.hasPrefix("$SRV.") }).union(streams(streams[...], ["INFO"]))
            .union(["dev.nervous.cells.thalamus.request"])
    }

    /// What a part may publish, of all ``subjects``.
    static func mayPublish(_ name: String) -> Set<String> {
        var own: Set<String> = ["_INBOX_\(name).x.1"]
        switch name {
        case "math", "flow": own.formUnion(cell(name))
        case "motor": own.formUnion(cell(name).union(["plant.wheels"]))
        case "cellar": own.formUnion(cell(name).union(["house.pump"]))
        case "reflex":
            own.formUnion(["dev.nervous.nerves.reflex.wave", "dev.nervous.nerves.reflex.state"])
            own.formUnion(["dev.nervous.cells.reflex.response", "dev.nervous.rejects.reflex"])
            own.formUnion(["dev.nervous.gates.reflex-nerve.transition", "dev.nervous.nerves.reflex.handover"])
            own.formUnion(["dev.nervous.cells.flow.request", "dev.nervous.cells.motor.request"])
        case "thalamus":
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.gates.") })
            own.formUnion(["dev.nervous.thalamus.collapse", "dev.nervous.thalamus.attention"])
            own.formUnion(["dev.cognitive.bridge.request", "dev.nervous.rejects.thalamus", "dev.nervous.shards.3.x"])
            own.formUnion(streams(streams[...], ["INFO", "CREATE", "UPDATE"]))
            own.formUnion(reading("DEV-TRANSITIONS").union(reading("DEV-DECISIONS")))
            own.formUnion(streams(["KV_DEV-SHARDS"], ["INFO", "CREATE", "UPDATE", "MSG.GET"]))
            own.formUnion(reading("KV_DEV-SHARDS").union(["$KV.DEV-SHARDS.members.a"]))
        case "cognition-bridge":
            own.formUnion([
                "dev.cognitive.bridge.response", "dev.cognitive.bridge.act", "dev.cognitive.gemma.heartbeat",
            ])
            own.formUnion(["$SRV.INFO.motor", "$KV.DEV-ACTS.a"])
            own.formUnion(streams(["KV_DEV-ACTS"], ["INFO", "CREATE", "UPDATE", "MSG.GET"]))
            own.formUnion(reading("KV_DEV-ACTS").union(reading("DEV-ESCALATIONS")))
            own.formUnion(["dev.nervous.rejects.cognition-bridge", "dev.nervous.cells.motor.request"])
            own.formUnion(subjects.filter { $0.hasPrefix("dev.organs.") })
            own.formUnion(streams(streams[..<3], ["INFO", "CREATE"]))
            own.formUnion(working("DEV-ESCALATIONS.bridge").union(reading("DEV-DECISIONS")))
        case "hippocampus":
            own.formUnion(["dev.nervous.rejects.hippocampus"])
            own.formUnion(streams(streams[..<3], ["INFO", "CREATE"]))
            for durable in durables where durable.contains("hippocampus") { own.formUnion(working(durable)) }
        case "vision": own.formUnion(["dev.nervous.rejects.vision", "dev.organs.speech.release"])
        case "observer": own.formUnion(looking)
        case "operator":
            own.formUnion(subjects.filter { $0.hasPrefix("dev.organs.") })
            own.formUnion(looking)
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.cells.") && $0.hasSuffix(".request") })
            own.formUnion(["dev.nervous.outcomes.plant.feedback", "dev.cognitive.bridge.request"])
            for stream in streams { own.formUnion(reading(stream)) }
        default: break
        }
        return own
    }

    /// What a part may subscribe to, of all ``subjects`` and ``wide`` patterns.
    static func maySubscribe(_ name: String) -> Set<String> {
        var own: Set<String> = ["_INBOX_\(name).x.1"]
        own.formUnion(wide.filter { $0 == "_INBOX_\(name).>" })
        if parts.contains(name) {
            own.formUnion(["$SRV.PING", "$SRV.INFO", "$SRV.STATS", "$SRV.PING.\(name)", "$SRV.STATS.\(name).\(name)-1"])
            if subjects.contains("$SRV.INFO.\(name)") { own.insert("$SRV.INFO.\(name)") }
        }
        switch name {
        case "math", "motor", "thalamus", "cognition-bridge": own.insert("dev.nervous.cells.\(name).request")
        case "flow": own.formUnion(["dev.nervous.cells.flow.request", "plant.flow.metres"])
        case "cellar": own.formUnion(["dev.nervous.cells.cellar.request", "house.level"])
        case "reflex":
            own.insert("dev.nervous.cells.reflex.request")
            own.formUnion(
                ["flow", "motor"].flatMap { ["dev.nervous.cells.\($0).wave", "dev.nervous.nerves.\($0).wave"] })
        case "hippocampus": own.insert("dev.nervous.traces.correlation")
        case "vision": own.formUnion(["dev.organs.vision.ask", "dev.organs.vision.release"])
        case "observer", "operator":
            own.formUnion((subjects + wide).filter { $0.hasPrefix("dev.") })
        default: break
        }
        if ["math", "flow", "motor", "cellar"].contains(name) { own.insert("dev.nervous.cells.\(name).handover") }
        if name == "reflex" { own.insert("dev.nervous.nerves.reflex.handover") }
        if name == "thalamus" {
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.") && $0.hasSuffix(".wave") })
            own.formUnion(["dev.nervous.outcomes.plant.feedback", "dev.nervous.shards.3.x"])
            own.formUnion(["dev.nervous.cells.*.wave", "dev.nervous.*.*.wave"])
            own.formUnion(["dev.nervous.outcomes.>", "dev.nervous.shards.>"])
        }
        return own
    }
}
