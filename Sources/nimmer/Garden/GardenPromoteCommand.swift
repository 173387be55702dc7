import ArgumentParser
import NimmerBus
import NimmerGarden
import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Makes a variant real.
struct GardenPromoteCommand: AsyncParsableCommand {
    /// Outcomes that must count for or against a variant before it is promoted.
    static let minimumEvidence = 5

    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Make the settings of a variant those of the system file.",
        discussion: """
            Shows the difference of the file and what the garden knows of the variant, asks, keeps a copy of the file beside it, and \
            writes it. Comments and layout stay. Less than \(minimumEvidence) outcomes, or none that was caught, are too few: --force \
            promotes nevertheless. `nimmer garden history` shows each promotion, `nimmer garden demote` takes the last one back.

            A process that runs keeps what it read: `nimmer restart thalamus` takes the new settings.
            """)

    @Argument(help: "The variant, as in `nimmer garden list`.")
    var variant: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The system file; default: that of the `nimmer up` which runs here.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var system: String?

    @Flag(name: .shortAndLong, help: "Agree: do not ask.")
    var yes = false

    @Flag(help: "Promote on too little evidence, or without any.")
    var force = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if json.json, !yes {
            throw ValidationError(
                "--json needs --yes: a person who is asked sees the difference and the evidence first")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let file = try Promotion.file(system, environment)
        let before = try FileText.bytes(file)
        let after: [UInt8]
        let digest: String
        do throws(SystemError) {
            after = try SystemFileEdit.promote(variant, in: before, file: file)
            digest = try SystemFile(parsing: before, file: file).variant(variant)?.digest ?? ""
        } catch { throw Failure(error) }
        guard after != before else {
            throw Failure(.failed, "\(variant) is real already: nothing in \(file) would change")
        }
        let diff = UnifiedDiff(String(decoding: before, as: UTF8.self), String(decoding: after, as: UTF8.self))
        let promotion = try await CommandConnection.with(server, environment) { bus in
            let report = try await evidence(bus, environment, of: digest, in: file)
            if !json.json {
                try Promotion.show(diff, file, color.paint)
                if let report {
                    for line in GardenTables.figures(report).lines(color.paint) { try Console.line(line) }
                }
            }
            try check(report)
            guard try yes || Promotion.agrees("promote \(variant)?") else {
                throw Failure(.failed, "not promoted: \(file) is as it was")
            }
            let copy = "\(file).before-\(variant)-\(Timestamp.now().secondAndRest.second)"
            let promotion = Promotion(
                .promote, variant, file: file, copy: copy, after: after, diff: diff.text(file, file), evidence: report,
                isForced: force)
            try FileText.require(file, holds: before)
            try FileText.write(before, to: copy, mode: FileText.mode(of: file))
            // The trail first: no file changes without a trace of who wanted it.
            try await promotion.store(bus, environment)
            try FileText.replace(file, with: after)
            return promotion
        }
        if json.json { return try Console.pretty(promotion.json) }
        try Console.line("\(file) has the settings of \(variant); the file before is \(promotion.copy)")
        try Console.line(
            "`nimmer restart thalamus` and `nimmer restart garden` take them; `nimmer garden demote` takes them back")
    }

    /// The garden's report; nil where none runs, or one of other settings, and that is wanted.
    private func evidence(
        _ bus: any Bus, _ environment: Environment, of digest: String, in file: String
    ) async throws -> JSON? {
        do {
            let reports = try await GardenCommand.ask(bus, environment, "list")["variants"]?.array ?? []
            return try Promotion.evidence(of: variant, digest: digest, in: file, among: reports)
        } catch {
            if force { return nil }
            throw error
        }
    }

    private func check(_ report: JSON?) throws(Failure) {
        guard !force else { return }
        let known = report.flatMap { GardenReport($0) }
        guard let known, known.evidence >= Self.minimumEvidence, known.own.caught > 0 else {
            throw Failure(
                .failed,
                "\(variant) has \(count(known?.evidence ?? 0, "outcome")) for or against it, \(known?.own.caught ?? 0) of them caught; "
                    + "expected \(Self.minimumEvidence) or more, one of them caught",
                remedy: "`nimmer verify` gives outcomes; --force promotes nevertheless")
        }
    }
}

/// Takes the last promotion back.
struct GardenDemoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demote", abstract: "Take the last promotion back.",
        discussion: """
            Writes the copy that was kept at the promotion into the system file, unless that was changed since. \
            `nimmer restart thalamus` takes it.
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The system file; default: that of the last promotion.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var system: String?

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let demotion = try await CommandConnection.with(server, environment) { bus in
            let trail = try await Promotion.all(bus, environment)
            let wanted = system.map { FileText.absolute($0) }
            let taken = Set(trail.compactMap(\.takesBack))
            let last = trail.last {
                $0.action == .promote && !taken.contains($0.id) && (wanted == nil || $0.file == wanted)
            }
            guard let last else {
                throw Failure(
                    .failed, "no promotion\(wanted.map { " of \($0)" } ?? "") that could be taken back",
                    remedy: "`nimmer garden history` shows them")
            }
            let present = try FileText.bytes(last.file)
            guard Promotion.digest(present) == last.after else {
                throw Failure(
                    .failed, "\(last.file) was changed since \(last.variant) was promoted",
                    remedy: "by hand: the file before the promotion is \(last.copy)")
            }
            let before = try FileText.bytes(last.copy)
            let diff = UnifiedDiff(String(decoding: present, as: UTF8.self), String(decoding: before, as: UTF8.self))
            let demotion = Promotion(
                .demote, last.variant, file: last.file, copy: last.copy, after: before,
                diff: diff.text(last.file, last.file), evidence: nil, isForced: false, takesBack: last.id)
            if !json.json { try Promotion.show(diff, last.file, color.paint) }
            try await demotion.store(bus, environment)
            try FileText.replace(last.file, with: before)
            return demotion
        }
        if json.json { return try Console.pretty(demotion.json) }
        try Console.line("\(demotion.file) is as it was before \(demotion.variant) was promoted")
        try Console.line("`nimmer restart thalamus` and `nimmer restart garden` take it")
    }
}

/// Shows the trail of promotions.
struct GardenHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show who promoted what, when, on which evidence, and what was taken back.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let trail = try await CommandConnection.with(server, environment) { bus in
            try await Promotion.all(bus, environment)
        }
        if json.json {
            for entry in trail { try Console.json(entry.json) }
            return
        }
        guard !trail.isEmpty else { return try Console.line("nothing was promoted yet") }
        var table = Table(["at", "what", "variant", "by", "evidence", "file"])
        for entry in trail {
            let report = entry.evidence.flatMap { GardenReport($0) }
            let evidence = report.map { report in
                "\(report.own.caught) caught, \(report.own.missed) missed, \(report.own.falseAlarms) false"
            }
            table.add([
                LocalTime.full(entry.at), entry.action.rawValue, entry.variant, entry.by,
                (evidence ?? "-") + (entry.isForced ? " (forced)" : ""), entry.file,
            ])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}
