/// Every kind of subject on this ground, and by hand who may do what: an oracle that shares nothing with the generator.
enum Catalogue {
    static let parts = [
        "math", "flow", "motor", "cellar", "reflex", "thalamus", "cognition-bridge", "hippocampus", "vision",
    ]
    static let people = ["observer", "operator"]
    /// The page for browsers: hears what passes, and answers people's `$SRV` only.
    static let page = "web"
    static let everybody = parts + people + [page]
    static let streams = [
        "DEV-TRANSITIONS", "DEV-ESCALATIONS", "DEV-DECISIONS", "DEV-OUTCOMES", "DEV-LIFEFORCE", "DEV-WAVES",
    ]
    /// Where regions live: all thalami write and follow it, and people copy it; no page reads it.
    static let regions = "DEV-REGIONS"
    /// Whose names stand behind subjects that several may publish to; a stranger has no identity.
    static let senders = [
        "math", "reflex", "thalamus", "cognition-bridge", "vision", "observer", "operator", "web", "stranger",
    ]
    static let durables = [
        "DEV-TRANSITIONS.hippocampus", "DEV-DECISIONS.hippocampus-decisions", "DEV-ESCALATIONS.bridge",
        "DEV-ESCALATIONS.hippocampus-requests", "DEV-TRANSITIONS.bridge",
        "DEV-OUTCOMES.hippocampus-outcomes", "DEV-LIFEFORCE.hippocampus-lifeforce",
    ]

    /// Subjects to publish on; each is also one to subscribe to.
    static var subjects: [String] {
        var all: [String] = []
        for part in parts + [page, "stranger"] {
            all += ["wave", "request", "response", "handover", "change"].map { "dev.nervous.cells.\(part).\($0)" }
            all += ["wave", "state", "handover", "change"].map { "dev.nervous.nerves.\(part).\($0)" }
            all += ["dev.nervous.rejects.\(part)", "dev.nervous.gates.\(part)-cell.transition"]
            all += [
                "dev.nervous.gates.\(part)-cell.transition.\(part)", "dev.nervous.gates.math-cell.transition.\(part)",
            ]
            all += ["$SRV.PING.\(part)", "$SRV.STATS.\(part).\(part)-1", "_INBOX.\(part).x.1"]
            all += ["$SRV.PING.\(part).\(part)-1", "dev.nervous.aside.\(part)"]
            all.append("dev.nervous.cells.thalamus.request.\(part)")
            all += ["artifacts.dev.\(part)", "artifacts.prod.\(part)"]
        }
        for sender in senders {
            all += ["math", "flow", "motor", "reflex", "thalamus", "cognition-bridge", "hippocampus"].map {
                "dev.nervous.cells.\($0).request.\(sender)"
            }
            all += ["dev.nervous.outcomes.plant.feedback.\(sender)", "dev.cognitive.bridge.request.\(sender)"]
            all += ["dev.organs.vision.ask.\(sender)", "dev.organs.speech.release.\(sender)"]
        }
        all += [
            "dev.nervous.gates.plant.outcome", "dev.nervous.lifeforce.thalamus", "dev.nervous.lifeforce.vision",
            "dev.nervous.gates.math-cell.outcome", "dev.nervous.regions.plant", "dev.nervous.regions.plant.operator",
            "dev.nervous.cells.math.wave.math",
        ]
        all += ["math", "flow", "motor", "speech", "poem", "thalamus", "hippocampus"].map { "$SRV.STATS.\($0)" }
        all += [
            "dev.nervous.gates.reflex-nerve.transition", "dev.nervous.gates.reflex-nerve.transition.reflex",
            "dev.nervous.gates.plant.transition",
        ]
        all += ["dev.nervous.thalamus.collapse", "dev.nervous.thalamus.attention", "dev.nervous.traces.correlation"]
        all += ["dev.nervous.outcomes.plant.feedback", "dev.nervous.shards.3.x"]
        all += ["vision", "speech", "poem"].flatMap { name in ["ask", "release"].map { "dev.organs.\(name).\($0)" } }
        all += ["dev.cognitive.bridge.act", "dev.cognitive.bridge.request", "dev.cognitive.bridge.response"]
        all += ["dev.cognitive.gemma.heartbeat"]
        for other in ["staging", "prod"] {
            all += ["\(other).nervous.cells.math.wave", "\(other).cognitive.bridge.response"]
        }
        all += ["plant.flow.metres", "plant.wheels", "house.pump", "house.level", "elsewhere.device"]
        all += ["$SRV.PING", "$SRV.INFO", "$SRV.STATS", "_INBOX.x.1"]
        all += ["observer", "operator", "owner"].map { "_INBOX.\($0).x.1" }
        all += ["$SYS.REQ.SERVER.PING", "$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"]
        for stream in streams + [
            "OTHER", "KV_DEV-SHARDS", "KV_DEV-ACTS", "KV_DEV-HANDLING", "KV_DEV-LEARNED", "DEV-ASIDE", "KV_OTHER",
            regions, artifacts,
        ] {
            for verb in ["INFO", "CREATE", "UPDATE", "DELETE", "PURGE", "SNAPSHOT", "MSG.GET", "MSG.DELETE"] {
                all.append("$JS.API.STREAM.\(verb).\(stream)")
            }
            all += ["CREATE", "LIST", "NAMES"].map { "$JS.API.CONSUMER.\($0).\(stream)" }
            all += ["INFO", "MSG.NEXT", "DELETE"].map { "$JS.API.CONSUMER.\($0).\(stream).somebody" }
            all += ["$JS.API.CONSUMER.DURABLE.CREATE.\(stream).somebody", "$JS.ACK.\(stream).somebody.1.1.1.1.0"]
        }
        for durable in durables {
            all += ["DURABLE.CREATE", "INFO", "MSG.NEXT", "DELETE"].map { "$JS.API.CONSUMER.\($0).\(durable)" }
            all.append("$JS.ACK.\(durable).1.1.1.1.0")
        }
        all += [
            "$O.DEV-ARTIFACTS.C.x", "$O.DEV-ARTIFACTS.M.x", "$O.OTHER.C.x", "$O.OTHER.M.x",
            "$KV.DEV-SHARDS.members.a", "$KV.DEV-ACTS.a", "$KV.DEV-HANDLING.a", "$KV.DEV-LEARNED.math",
            "$KV.DEV-LEARNED.flow",
            "$KV.DEV-LEARNED.motor", "$KV.DEV-LEARNED.cellar", "$KV.OTHER.key", "$SRV.INFO.motor",
            "$SRV.INFO.math",
        ]
        // A sender may be a part's name and its own: each subject once.
        var seen: Set<String> = []
        return all.filter { seen.insert($0).inserted }
    }

    /// Patterns that somebody might try to read more with.
    static let wide = [
        ">", "*.>", "dev.>", "prod.>", "dev.nervous.>", "dev.cognitive.>", "dev.nervous.cells.>",
        "dev.nervous.cells.*.wave", "dev.nervous.cells.*.request", "dev.nervous.cells.*.request.*",
        "dev.nervous.cells.math.request.*", "dev.organs.vision.*.*", "dev.nervous.*.*.wave", "dev.nervous.*.*.change",
        "dev.nervous.outcomes.>",
        "dev.nervous.shards.>", "_INBOX.>", "_INBOX.math.>", "_INBOX.thalamus.>", "$JS.>", "$JS.API.>", "$JS.ACK.>",
        "$KV.>", "$SYS.>", "$SRV.>",
        "$O.>", "artifacts.>", "artifacts.dev.*",
    ]

    private static func cell(_ name: String) -> Set<String> {
        [
            "dev.nervous.cells.\(name).wave", "dev.nervous.cells.\(name).response", "dev.nervous.rejects.\(name)",
            "dev.nervous.gates.\(name)-cell.transition.\(name)", "dev.nervous.cells.\(name).handover",
            "dev.nervous.cells.\(name).change", "$KV.DEV-LEARNED.\(name)", "$SRV.STATS.thalamus",
            "dev.nervous.cells.thalamus.request", "dev.nervous.cells.thalamus.request.\(name)",
            "artifacts.dev.\(name)",
        ]
    }

    /// The stream of artifacts.
    private static let artifacts = "OBJ_DEV-ARTIFACTS"

    private static var seeingArtifacts: Set<String> {
        reading(artifacts).union(streams([artifacts], ["INFO", "MSG.GET"]))
    }

    private static var keepingArtifacts: Set<String> {
        seeingArtifacts.union(streams([artifacts], ["CREATE", "PURGE"]))
            .union(["$O.DEV-ARTIFACTS.C.x", "$O.DEV-ARTIFACTS.M.x"])
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

    /// The verbs of every organ, without a sender and with one's own.
    private static func organs(_ name: String) -> Set<String> {
        Set(
            subjects.filter {
                $0.hasPrefix("dev.organs.") && ($0.split(separator: ".").count == 4 || $0.hasSuffix(".\(name)"))
            })
    }

    private static func settingAside(_ name: String) -> Set<String> {
        streams(["KV_DEV-HANDLING"], ["INFO", "CREATE", "UPDATE", "MSG.GET"])
            .union(streams(["DEV-ASIDE"], ["INFO", "CREATE"])).union(reading("KV_DEV-HANDLING"))
            .union(["$KV.DEV-HANDLING.a", "dev.nervous.aside.\(name)", "$SRV.PING.\(name).\(name)-1"])
    }

    private static var looking: Set<String> {
        Set(subjects.filter { $0.hasPrefix("$SRV.") })
    }

    /// A shared subject, without a sender and with one's own.
    private static func both(_ subject: String, _ name: String) -> Set<String> { [subject, "\(subject).\(name)"] }

    /// What a part may publish, of all ``subjects``.
    ///
    /// - Parameter isActing: whether the page is an operator's.
    static func mayPublish(_ name: String, isActing: Bool = false) -> Set<String> {
        var own: Set<String> = ["_INBOX.\(name).x.1"]
        // Who is asked answers into every inbox.
        if parts.contains(name) { own.formUnion(subjects.filter { $0.hasPrefix("_INBOX.") }) }
        switch name {
        case "math", "flow": own.formUnion(cell(name))
        case "motor": own.formUnion(cell(name).union(["plant.wheels"]))
        case "cellar": own.formUnion(cell(name).union(["house.pump"]))
        case "reflex":
            own.formUnion(["dev.nervous.nerves.reflex.wave", "dev.nervous.nerves.reflex.state"])
            own.formUnion(["dev.nervous.cells.reflex.response", "dev.nervous.rejects.reflex"])
            own.formUnion(["dev.nervous.nerves.reflex.change", "artifacts.dev.reflex"])
            own.formUnion(["dev.nervous.gates.reflex-nerve.transition.reflex", "dev.nervous.nerves.reflex.handover"])
            for cell in ["flow", "motor"] {
                own.formUnion(both("dev.nervous.cells.\(cell).request", name).union(["$SRV.STATS.\(cell)"]))
            }
        case "thalamus":
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.gates.") && $0.split(separator: ".").count == 5 })
            own.formUnion(["dev.nervous.thalamus.collapse", "dev.nervous.thalamus.attention"])
            own.formUnion(both("dev.cognitive.bridge.request", name))
            own.formUnion(["dev.nervous.rejects.thalamus", "dev.nervous.shards.3.x", "dev.nervous.lifeforce.thalamus"])
            own.formUnion(streams(streams[...], ["INFO", "CREATE", "UPDATE"]))
            for stream in ["DEV-TRANSITIONS", "DEV-DECISIONS", "DEV-OUTCOMES"] { own.formUnion(reading(stream)) }
            for bucket in ["KV_DEV-SHARDS", "KV_DEV-LEARNED"] {
                own.formUnion(streams([bucket], ["INFO", "CREATE", "UPDATE", "MSG.GET"]))
            }
            own.formUnion(streams([regions], ["INFO", "CREATE", "UPDATE"]).union(reading(regions)))
            own.insert("dev.nervous.regions.plant")
            own.formUnion(streams(["DEV-TRANSITIONS"], ["MSG.GET"]).union(["$SRV.INFO"]))
            own.formUnion(reading("KV_DEV-SHARDS").union(["$KV.DEV-SHARDS.members.a"]))
        case "cognition-bridge":
            own.formUnion([
                "dev.cognitive.bridge.response", "dev.cognitive.bridge.act", "dev.cognitive.gemma.heartbeat",
            ])
            own.formUnion(["$SRV.INFO.motor", "$KV.DEV-ACTS.a"])
            own.formUnion(streams(["KV_DEV-ACTS"], ["INFO", "CREATE", "UPDATE", "MSG.GET"]))
            own.formUnion(reading("KV_DEV-ACTS").union(reading("DEV-ESCALATIONS")))
            own.formUnion(both("dev.nervous.cells.motor.request", name))
            // Earlier decisions like the one that is asked for.
            own.formUnion(both("dev.nervous.cells.hippocampus.request", name).union(["$SRV.STATS.hippocampus"]))
            own.formUnion(["dev.nervous.rejects.cognition-bridge", "$SRV.STATS.motor"])
            own.formUnion(organs(name).union(["$SRV.STATS.speech", "$SRV.STATS.poem"]))
            own.formUnion(streams(streams[..<5], ["INFO", "CREATE"]))
            own.formUnion(working("DEV-ESCALATIONS.bridge").union(reading("DEV-DECISIONS")))
            own.formUnion(working("DEV-TRANSITIONS.bridge").union(reading("DEV-TRANSITIONS")))
            own.formUnion(settingAside(name).union(streams(["DEV-DECISIONS"], ["MSG.GET"])))
            own.insert("dev.cognitive.bridge.request.cognition-bridge")
            own.formUnion(seeingArtifacts)
            // The opinion of a mind about the opening that it was asked about.
            own.insert("dev.nervous.outcomes.plant.feedback.cognition-bridge")
        case "hippocampus":
            own.formUnion(settingAside(name).union(["dev.nervous.rejects.hippocampus"]))
            own.formUnion(streams(streams[..<5], ["INFO", "CREATE"]).union(streams(streams[..<5], ["MSG.GET"])))
            for durable in durables where durable.contains("hippocampus") { own.formUnion(working(durable)) }
            own.formUnion(keepingArtifacts.union(streams([artifacts], ["UPDATE"])))
        case "vision":
            own.formUnion(both("dev.organs.speech.release", name))
            own.formUnion(["dev.nervous.rejects.vision", "dev.nervous.lifeforce.vision", "$SRV.STATS.speech"])
        case "observer": own.formUnion(looking.union(["dev.nervous.cells.thalamus.request.observer"]))
        case page:
            own.formUnion(looking.union(["dev.nervous.rejects.web"]))
            own.formUnion(["thalamus", "cognition-bridge"].map { "dev.nervous.cells.\($0).request.web" })
            // Never into the inbox of a part of the system.
            own.formUnion(["observer", "operator", "owner"].map { "_INBOX.\($0).x.1" })
            own.formUnion(streams(streams[...], ["INFO"]))
            for stream in streams { own.formUnion(reading(stream)) }
            if isActing { own.insert("dev.nervous.outcomes.plant.feedback.web") }
        case "operator":
            own.formUnion(organs(name).union(looking).union(streams(streams[...], ["INFO"])))
            own.formUnion(
                subjects.filter {
                    $0.hasPrefix("dev.nervous.cells.")
                        && ($0.hasSuffix(".request") || $0.hasSuffix(".request.operator"))
                })
            own.formUnion(both("dev.nervous.outcomes.plant.feedback", name))
            own.formUnion(both("dev.cognitive.bridge.request", name))
            for stream in streams + ["DEV-ASIDE", "KV_DEV-ACTS", regions] { own.formUnion(reading(stream)) }
            own.formUnion(streams(["DEV-ASIDE"], ["INFO", "MSG.GET", "MSG.DELETE"]))
            own.formUnion(streams(["KV_DEV-ACTS", regions], ["INFO"]).union(keepingArtifacts))
            // How far the readers are of what a backup copies.
            let copied = streams.filter { $0 != "DEV-WAVES" } + ["DEV-ASIDE", "KV_DEV-ACTS", regions]
            own.formUnion(copied.map { "$JS.API.CONSUMER.LIST.\($0)" })
        default: break
        }
        return own
    }

    /// What a part may subscribe to, of all ``subjects`` and ``wide`` patterns.
    static func maySubscribe(_ name: String) -> Set<String> {
        var own: Set<String> = ["_INBOX.\(name).x.1"]
        own.formUnion(wide.filter { $0 == "_INBOX.\(name).>" })
        if parts.contains(name) || name == page {
            own.formUnion(["$SRV.PING", "$SRV.INFO", "$SRV.STATS", "$SRV.PING.\(name)", "$SRV.STATS.\(name).\(name)-1"])
            own.formUnion(["$SRV.INFO.\(name)", "$SRV.STATS.\(name)"].filter(subjects.contains))
            own.insert("$SRV.PING.\(name).\(name)-1")
        }
        switch name {
        case "flow": own.insert("plant.flow.metres")
        case "cellar": own.insert("house.level")
        case "cognition-bridge": own.insert("dev.cognitive.bridge.request")
        case "reflex":
            own.formUnion(
                ["flow", "motor"].flatMap { ["dev.nervous.cells.\($0).wave", "dev.nervous.nerves.\($0).wave"] })
        case "hippocampus":
            own.insert("dev.nervous.traces.correlation")
            own.formUnion((subjects + wide).filter { $0.hasPrefix("artifacts.dev.") })
        case "vision": own.formUnion((subjects + wide).filter { $0.hasPrefix("dev.organs.vision.") })
        case "observer", "operator", page:
            own.formUnion((subjects + wide).filter { $0.hasPrefix("dev.") })
        default: break
        }
        // The one that is asked hears every sender.
        if parts.contains(name), name != "vision" {
            own.formUnion((subjects + wide).filter { $0.hasPrefix("dev.nervous.cells.\(name).request") })
        }
        if ["math", "flow", "motor", "cellar"].contains(name) { own.insert("dev.nervous.cells.\(name).handover") }
        if name == "reflex" { own.insert("dev.nervous.nerves.reflex.handover") }
        if name == "thalamus" {
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.") && $0.hasSuffix(".wave") })
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.outcomes.plant.feedback") })
            own.insert("dev.nervous.shards.3.x")
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.nerves.") && $0.hasSuffix(".state") })
            own.formUnion(subjects.filter { $0.hasPrefix("dev.nervous.lifeforce.") })
            own.formUnion(["dev.nervous.cells.*.wave", "dev.nervous.*.*.wave"])
            own.formUnion(["dev.nervous.outcomes.>", "dev.nervous.shards.>"])
            own.formUnion(
                subjects.filter { $0.hasPrefix("dev.nervous.gates.") && $0.split(separator: ".").count == 6 })
        }
        return own
    }
}
