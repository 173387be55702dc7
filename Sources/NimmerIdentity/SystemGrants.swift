import NimmerBus
import NimmerSystem
import NimmerWave

extension Grant {
    /// All identities of one environment: the services, each cell and nerve, and the people's roles.
    ///
    /// - Throws: a `SystemError` where two would share a name, or a setting names a subject that is not a device's.
    public static func all(of system: SystemFile, in env: Environment) throws(SystemError) -> [Grant] {
        var grants = [
            thalamus(system, env), bridge(system, env), hippocampus(system, env), observer(env), `operator`(env),
        ]
        if !system.virtual.isEmpty {
            grants.append(garden(env))
            for place in grants.indices where grants[place].role == .observer {
                grants[place].publish.append("\(env.rawValue).nervous.cells.garden.request.observer")
            }
        }
        if let page = system.web { grants.append(web(page, system, env)) }
        // A system without a page may have a cell of that name.
        let roles = Role.allCases.filter { $0 != .web }
        let reserved = Set(grants.map(\.name)).union(otherIdentities).union(roles.map(\.rawValue))
        func check(_ name: String, at mark: YAMLMark) throws(SystemError) {
            guard reserved.contains(name) else { return }
            throw SystemError(
                .duplicate, file: system.file, mark: mark, found: "the name '\(name)'",
                expected: "a name that is not also a role's: \(reserved.sorted().joined(separator: ", "))")
        }
        for organism in system.cells + system.nerves {
            try check(organism.name, at: organism.mark)
            grants.append(try Grant(organism, of: system, in: env))
        }
        for organ in system.organs {
            try check(organ.name, at: organ.mark)
            grants.append(Self.organ(organ, system, env))
        }
        return grants
    }

    /// Identities beside those that a system file brings: their keys stand in the same folder.
    private static let otherIdentities = ["system", "owner", "device"]

    /// Answers on its own subjects, and may ask those who share its card to release it.
    private static func organ(_ organ: OrganSettings, _ system: SystemFile, _ env: Environment) -> Grant {
        var grant = Grant(organ.name, .organ)
        grant.serves("\(env.rawValue).organs.\(organ.name).*")
        grant.publish += [
            "\(env.rawValue).nervous.rejects.\(organ.name)", "\(env.rawValue).nervous.lifeforce.\(organ.name)",
        ]
        for other in system.organs where other.name != organ.name && other.card != nil && other.card == organ.card {
            grant.asks("\(env.rawValue).organs.\(other.name).release", of: other.name)
        }
        grant.isService()
        return grant
    }

    private static func thalamus(_ system: SystemFile, _ env: Environment) -> Grant {
        var grant = Grant("thalamus", .thalamus)
        let nervous = "\(env.rawValue).nervous"
        grant.publish += [
            "\(nervous).gates.*.transition", SubjectPattern.acceptedOutcomes(env).text, Subject.collapse(env).text,
            Subject.attention(env).text, "\(nervous).rejects.thalamus", "\(nervous).shards.>",
            "\(nervous).lifeforce.thalamus",
        ]
        grant.asks(Subject.cognitiveRequest(env).text)
        grant.subscribe += [
            SubjectPattern.waves(env).text, SubjectPattern.outcomes(env).text, "\(nervous).shards.>",
            SubjectPattern.reportedTransitions(env).text, SubjectPattern.nerveStates(env).text,
            SubjectPattern.lifeforce(env).text,
        ]
        grant.serves("\(nervous).cells.thalamus.request")
        grant.isService()
        grant.ensures(systemStreams(env) + [SystemStreams.waves(env)], changes: true)
        for stream in [SystemStreams.transitions(env), SystemStreams.decisions(env), SystemStreams.outcomes(env)] {
            grant.reads(stream, durables: SystemDurables.of(stream, env))
        }
        grant.shares(bucket: "\(env.streamPrefix)-SHARDS")
        // The newest message of a subject, after a fence has refused.
        grant.looks(into: SystemStreams.transitions(env))
        // What cells have learned: it makes the bucket and reads it for them.
        let learned = "KV_\(SystemStreams.learned(env).bucket)"
        grant.ensures([learned], changes: true)
        grant.looks(into: learned)
        // Where regions live that mean the same: all thalami follow the log, and the holder of a region's part writes it.
        if system.iris != nil {
            grant.publish.append(SubjectPattern.assignments(env).text)
            grant.ensures([SystemStreams.regions(env)], changes: true)
            grant.reads(SystemStreams.regions(env), durables: [])
        }
        // The outcomes that its rules give, and what these hear beside waves.
        if !system.verify.isEmpty {
            grant.publish.append("\(nervous).outcomes.*.feedback.thalamus")
            grant.subscribe.append(Subject.act(env).text)
            let names = Set(system.verify.flatMap { $0.conditions.values.map(\.organism) })
            grant.subscribe += names.sorted().map { "\(nervous).*.\($0).change" }
        }
        // The organ with the real model embeds the names of regions.
        if let organ = system.iris?.organ { grant.asks("\(env.rawValue).organs.\(organ).embed", of: organ) }
        // Whether a process of 2.0 still needs the streams as they were.
        grant.publish.append("$SRV.INFO")
        return grant
    }

    private static func bridge(_ system: SystemFile, _ env: Environment) -> Grant {
        var grant = Grant("cognition-bridge", .bridge)
        grant.publish += [
            Subject.cognitiveResponse(env).text, "\(env.rawValue).cognitive.bridge.act",
            "\(env.rawValue).nervous.rejects.cognition-bridge",
            "\(env.rawValue).cognitive.*.heartbeat",
        ]
        grant.serves("\(env.rawValue).nervous.cells.cognition-bridge.request")
        for target in Set(system.bridge.allow.map(\.target)).sorted() {
            grant.publish.append("$SRV.INFO.\(target)")
            guard system.bridge.commands != .dryRun else { continue }
            grant.asks("\(env.rawValue).nervous.cells.\(target).request", of: target)
        }
        // What came without a sender is stored in its own name, and so is what informs minds of a reflex.
        grant.subscribe.append(Subject.cognitiveRequest(env).text)
        grant.publish.append("\(Subject.cognitiveRequest(env)).cognition-bridge")
        // The opinions of minds about openings.
        grant.publish.append("\(env.rawValue).nervous.outcomes.*.feedback.cognition-bridge")
        for organ in system.organs { grant.asks("\(env.rawValue).organs.\(organ.name).*", of: organ.name) }
        // Earlier decisions like the one that is asked for.
        if system.iris != nil { grant.asks("\(env.rawValue).nervous.cells.hippocampus.request", of: "hippocampus") }
        grant.isService()
        grant.ensures(systemStreams(env), changes: false)
        let decided = SystemStreams.decisions(env)
        for asked in [SystemStreams.escalations(env), SystemStreams.transitions(env)] {
            grant.works(asked, durable: "bridge")
            grant.reads(asked, durables: SystemDurables.of(asked, env), own: "bridge")
        }
        grant.reads(decided, durables: SystemDurables.of(decided, env))
        // What is to become of commands, and has (the bridge alone knows).
        grant.shares(bucket: "\(env.streamPrefix)-ACTS")
        // What the stream holds where it held an answer already.
        grant.looks(into: decided)
        // Pictures for minds that see.
        grant.seesArtifacts(env)
        grant.setsAside("cognition-bridge", env)
        return grant
    }

    private static func hippocampus(_ system: SystemFile, _ env: Environment) -> Grant {
        var grant = Grant("hippocampus", .hippocampus)
        grant.publish.append("\(env.rawValue).nervous.rejects.hippocampus")
        grant.subscribe.append(Subject.correlation(env).text)
        grant.serves("\(env.rawValue).nervous.cells.hippocampus.request")
        // The organ with the real model.
        if let organ = system.iris?.organ { grant.asks("\(env.rawValue).organs.\(organ).embed", of: organ) }
        // The organ that writes summaries.
        if system.iris != nil, let organ = system.memory.summaries {
            grant.asks("\(env.rawValue).organs.\(organ).ask", of: organ)
        }
        // Artifacts of cells, which it stores for them (decision 0040).
        grant.subscribe.append(SubjectPattern.artifacts(env).text)
        grant.keepsArtifacts(env, changes: true)
        grant.isService()
        grant.ensures(systemStreams(env), changes: false)
        grant.works(SystemStreams.transitions(env), durable: "hippocampus")
        grant.works(SystemStreams.decisions(env), durable: "hippocampus-decisions")
        grant.works(SystemStreams.escalations(env), durable: "hippocampus-requests")
        grant.works(SystemStreams.outcomes(env), durable: "hippocampus-outcomes")
        grant.works(SystemStreams.lifeforce(env), durable: "hippocampus-lifeforce")
        // Since when its oldest message waits there.
        for stream in systemStreams(env) { grant.looks(into: stream) }
        grant.setsAside("hippocampus", env)
        return grant
    }

    /// Hears waves and reads what the real system concluded; publishes traces, and what it has counted in a bucket of its own. It may publish no
    /// transition, no request to a mind and no command; since it uses JetStream, whose answers go wherever the question names, its key is
    /// trusted as that of the hippocampus is. The bucket holds the trail of promotions, too, and it may not shorten that.
    private static func garden(_ env: Environment) -> Grant {
        var grant = Grant("garden", .garden)
        grant.publish += [Subject.correlation(env).text, "\(env.rawValue).nervous.rejects.garden"]
        grant.subscribe.append(SubjectPattern.waves(env).text)
        grant.serves("\(env.rawValue).nervous.cells.garden.request")
        grant.isService()
        for stream in [SystemStreams.transitions(env), SystemStreams.decisions(env), SystemStreams.outcomes(env)] {
            grant.publish.append("$JS.API.STREAM.INFO.\(stream)")
            grant.reads(stream, durables: SystemDurables.of(stream, env))
        }
        grant.shares(bucket: SystemStreams.garden(env).bucket, writing: ["state.>"], changes: false)
        return grant
    }

    /// Reads what passes, asks the thalamus about its gates and every process how it is; changes nothing.
    private static func observer(_ env: Environment) -> Grant {
        var grant = looking("observer", .observer, env)
        // Never without its name: what it asks is answered in its own inbox only, though it sees those of others.
        grant.publish.append("\(env.rawValue).nervous.cells.thalamus.request.observer")
        return grant
    }

    private static func looking(_ name: String, _ role: Role, _ env: Environment) -> Grant {
        var grant = Grant(name, role)
        grant.subscribe.append(SubjectPattern.everything(env).text)
        grant.queueDenied.append(SubjectPattern.everything(env).text)
        grant.publish += ["$SRV.PING", "$SRV.INFO", "$SRV.STATS", "$SRV.PING.>", "$SRV.INFO.>", "$SRV.STATS.>"]
        return grant
    }

    /// An observer that also reads streams, asks the bridge, which lets it change nothing, and answers people's `$SRV`. Where the system
    /// file makes it an operator, it publishes outcomes in its own name, and the bridge takes its word on commands.
    private static func web(_ page: WebSettings, _ system: SystemFile, _ env: Environment) -> Grant {
        var grant = looking(WebSettings.identity, .web, env)
        let asked = ["thalamus", "cognition-bridge"] + (system.virtual.isEmpty ? [] : ["garden"])
        grant.publish += asked.map { "\(env.rawValue).nervous.cells.\($0).request.\(grant.name)" }
        grant.publish.append("\(env.rawValue).nervous.rejects.\(grant.name)")
        // It sees in which inboxes others await answers and acknowledgements: it may forge none to a part of the system.
        grant.isService(answeringInto: ["observer", "operator", LocalUsers.owner].map { "_INBOX.\($0).>" })
        for stream in systemStreams(env) + [SystemStreams.waves(env)] {
            grant.publish.append("$JS.API.STREAM.INFO.\(stream)")
            grant.reads(stream, durables: SystemDurables.of(stream, env))
        }
        if page.role == .operator {
            grant.publish.append("\(env.rawValue).nervous.outcomes.*.feedback.\(grant.name)")
        }
        return grant
    }

    /// An observer that may also ask cells, read streams, and publish outcomes.
    private static func `operator`(_ env: Environment) -> Grant {
        var grant = looking("operator", .operator, env)
        // The server sends its answers wherever the question asks: enough to litter any subject, so that observers may ask it nothing.
        grant.publish += (systemStreams(env) + [SystemStreams.waves(env)]).map { "$JS.API.STREAM.INFO.\($0)" }
        for shared in [
            "\(env.rawValue).nervous.cells.*.request", "\(env.rawValue).nervous.outcomes.*.feedback",
            "\(env.rawValue).organs.*.*", Subject.cognitiveRequest(env).text,
        ] { grant.asks(shared) }
        grant.reads(SystemStreams.waves(env), durables: [])
        // What a backup copies, and how far its readers are.
        for archived in SystemStreams.archived(env) {
            grant.copies(archived.name, durables: SystemDurables.of(archived.name, env))
        }
        // The trail of promotions.
        grant.publish.append("$KV.\(SystemStreams.garden(env).bucket).promotions.>")
        grant.keepsArtifacts(env, changes: false)
        // What was set aside is dropped, or published again where it came from.
        grant.looks(into: DeadLetter.stream(env))
        grant.publish.append("$JS.API.STREAM.MSG.DELETE.\(DeadLetter.stream(env))")
        return grant
    }

    private static func systemStreams(_ env: Environment) -> [String] {
        [
            SystemStreams.transitions(env), SystemStreams.escalations(env), SystemStreams.decisions(env),
            SystemStreams.outcomes(env), SystemStreams.lifeforce(env),
        ]
    }
}
