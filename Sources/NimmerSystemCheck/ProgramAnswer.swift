import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerWave

/// Answer of the program of a cell or nerve, asked with `--manifest` as `nimmer up` would start it.
package enum ProgramAnswer: Sendable {
    /// Its manifest.
    case manifest(ProgramManifest)
    /// The file names the program itself: it is not started for a check.
    case own
    /// The file names the program itself, and it is not on this machine.
    case absent(String)
    /// It is not on this machine; the kind that may have been meant.
    case missing(String, meant: String?)
    /// It refuses its settings, with the reasons.
    case refused([Complaint])

    /// A reason for which a program refuses its settings.
    package struct Complaint: Sendable, Equatable {
        /// Position in the system file, where the program names one.
        package var mark: YAMLMark?
        package var text: String

        package init(_ text: String, at mark: YAMLMark? = nil) {
            self.text = text
            self.mark = mark
        }
    }

    /// Variables that the program finds.
    package enum Variables: Sendable {
        /// None of the system's own: what the file states counts, whatever this shell has set.
        case fileAlone
        /// Those of this shell too, as `nimmer up` passes them on.
        case inherited
    }

    /// Long enough for a busy machine; the program only reads one file.
    private static let limit = Duration.seconds(20)
    /// Programs that are asked at once.
    private static let atOnce = 4

    /// Asks the programs of some cells and nerves.
    ///
    /// - Parameter played: the names of those that a recording drives, and that need no source.
    package static func ask(
        _ organisms: [Organism], systemPath: String, environment: Environment, variables: Variables,
        played: Set<String> = []
    ) async -> [String: ProgramAnswer] {
        await ask(organisms.map { ($0.name, $0) }) { organism in
            if let program = organism.command.first {
                return Executables.find(program, extraFolders: [OwnProgram.folder]) == nil ? .absent(program) : .own
            }
            guard let path = Executables.find(organism.program, extraFolders: [OwnProgram.folder]) else {
                return .missing(organism.program, meant: nearest(to: organism.kind, among: kinds(organism.role)))
            }
            return await ask(
                organism.program, at: path, name: organism.name, systemPath: systemPath, environment: environment,
                variables: variables, isPlayed: played.contains(organism.name))
        }
    }

    /// Asks the programs of services and organs, each by its name; those that are not on this machine are left out.
    package static func ask(
        services: [(name: String, program: String)], systemPath: String, environment: Environment,
        variables: Variables
    ) async -> [String: ProgramAnswer] {
        let found = services.compactMap { service in
            Executables.find(service.program, extraFolders: [OwnProgram.folder]).map {
                (service.name, (name: service.name, program: service.program, path: $0))
            }
        }
        return await ask(found) { service in
            await ask(
                service.program, at: service.path, name: service.name, systemPath: systemPath,
                environment: environment, variables: variables)
        }
    }

    private static func ask<Part: Sendable>(
        _ parts: [(String, Part)], _ answer: @escaping @Sendable (Part) async -> ProgramAnswer
    ) async -> [String: ProgramAnswer] {
        var answers: [String: ProgramAnswer] = [:]
        await withTaskGroup(of: (String, ProgramAnswer).self) { group in
            for (place, (name, part)) in parts.enumerated() {
                if place >= atOnce, let (name, answer) = await group.next() { answers[name] = answer }
                group.addTask { (name, await answer(part)) }
            }
            for await (name, answer) in group { answers[name] = answer }
        }
        return answers
    }

    private static func ask(
        _ program: String, at path: String, name: String, systemPath: String, environment: Environment,
        variables: Variables, isPlayed: Bool = false
    ) async -> ProgramAnswer {
        var found = ChildCommand.inheritedEnvironment
        if case .fileAlone = variables { found = found.filter { !$0.key.hasPrefix("NIMMER") } }
        found[Environment.variable] = environment.rawValue
        found["NIMMERVERSE_PLAY"] = isPlayed ? "1" : nil
        let command = ChildCommand(
            path, ["--name", name, "--system", systemPath, "--manifest"], environment: found)
        do throws(ChildError) {
            let answer = try await ChildProcess.run(command, limit: limit)
            let output = answer.lines.filter { $0.stream == .output }.map(\.text).joined(separator: "\n")
            if answer.status.isSuccess {
                do throws(Refusal) { return .manifest(try ProgramManifest(output)) } catch {
                    return .refused([Complaint("found no manifest of \(program) that can be read: \(error.message)")])
                }
            }
            let reasons = answer.lines.filter { $0.stream == .error }.map(\.text)
            let marked = reasons.compactMap { complaint($0, about: systemPath) }
            if !marked.isEmpty { return .refused(marked) }
            // A program names itself before its reason.
            let reason =
                reasons.last.map { $0.halves(around: ": ")?.after ?? $0 }
                ?? "it ended with \(answer.status) and no reason"
            return .refused([Complaint("found settings of \(name) that \(program) refuses: \(reason)")])
        } catch { return .refused([Complaint("\(program) cannot be asked: \(error)")]) }
    }

    /// A line of a program about a place in the file: `sensor: plant.yaml:4:7: found …`.
    static func complaint(_ line: String, about systemPath: String) -> Complaint? {
        let file = systemPath.split(separator: "/").last.map(String.init) ?? systemPath
        guard let (_, rest) = line.halves(around: "\(file):") else { return nil }
        let parts = rest.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let row = Int(parts[0]), let column = Int(parts[1]) else { return nil }
        return Complaint(String(parts[2].drop { $0 == " " }), at: YAMLMark(line: row, column: column))
    }

    /// The kinds whose programs are on this machine.
    private static func kinds(_ role: Organism.Role) -> [String] {
        let folders =
            [OwnProgram.folder]
            + (ChildCommand.inheritedEnvironment["PATH"] ?? "").split(separator: ":").map(String.init)
        let mark = "-\(role.rawValue)"
        var kinds: Set<String> = []
        for folder in folders {
            for name in SmallFile.names(in: folder) {
                guard let (kind, version) = name.halves(around: mark), version.isEmpty || version.hasPrefix("-v") else {
                    continue
                }
                kinds.insert(
                    String(kind.map { $0 == "-" ? "_" : $0 }) + "/" + (version.isEmpty ? "v1" : version.dropFirst()))
            }
        }
        return kinds.sorted()
    }
}

/// Output of `--manifest`, as far as checks read it.
package struct ProgramManifest: Sendable, Equatable {
    /// The kind, such as `vitals`.
    package var kind: String
    /// The region of its waves; empty where the program states none.
    package var region: String
    /// The origins that it needs beside its own name.
    package var origins: [OriginPattern]
    /// The cells and nerves that it hears.
    package var hears: [String]
    /// The cells and nerves to which it sends commands.
    package var asks: [String]
    /// The commands that it answers; with `*` any.
    package var commands: [String]
    /// The keys of its settings.
    package var settings: [String]

    /// Reads what a program printed.
    ///
    /// - Throws: `Refusal` with what was found instead, also for an origin that cannot be granted.
    package init(_ text: String) throws(Refusal) {
        guard text.utf8.contains(where: { $0 > 0x20 }) else { throw Refusal(.missing, "it printed nothing") }
        let json: JSON
        do throws(Refusal) { json = try JSON(parsing: text) } catch {
            throw Refusal(error.code, "it printed '\(text.cut(to: 60))': \(error.message)")
        }
        guard let kind = json["kind"]?.string else {
            throw Refusal(.missing, field: "kind", "it printed '\(text.cut(to: 60))', which names no kind")
        }
        func texts(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap(\.string) }
        let needed = texts(json["needs"]?["origins"])
        var origins: [OriginPattern] = []
        for text in needed {
            guard let origin = OriginPattern(text) else {
                throw Refusal(
                    .name, field: "needs", "it needs the origin '\(text.cut(to: 60))', which cannot be granted")
            }
            origins.append(origin)
        }
        self.kind = kind
        self.origins = origins
        region = json["region"]?.string ?? ""
        hears = texts(json["needs"]?["hears"])
        asks = texts(json["needs"]?["asks"])
        commands = texts(json["commands"])
        settings = texts(json["settings"])
    }
}
