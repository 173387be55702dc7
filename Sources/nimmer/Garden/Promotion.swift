import NimmerBus
import NimmerGarden
import NimmerOutput
import NimmerSupervisor
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// An entry of the trail of promotions, as it stands in the bucket `<ENV>-GARDEN`: who made a variant real, or took that back, on which
/// evidence, and what it changed.
struct Promotion {
    /// Kind of entry.
    enum Action: String {
        /// A variant became real.
        case promote
        /// That was taken back.
        case demote
    }

    let id: MessageID
    let action: Action
    let variant: String
    let at: Timestamp
    /// User of the machine on which it was decided.
    let by: String
    /// The system file.
    let file: String
    /// Copy of the file before it.
    let copy: String
    /// Name of the contents after it.
    let after: String
    let diff: String
    /// Report of the garden; nil without one.
    let evidence: JSON?
    /// Indicates whether it was decided against the evidence, or without.
    let isForced: Bool
    /// The promotion that was taken back.
    var takesBack: MessageID?

    /// Name of contents.
    static func digest(_ bytes: [UInt8]) -> String { MessageID.named(in: .nimmerverse) { $0 += bytes }.text }

    /// The user of this process.
    static var user: String { getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(geteuid())" }

    private static let prefix = "promotions."

    /// Stores it.
    func store(_ bus: any Bus, _ environment: Environment) async throws {
        let bucket = SystemStreams.garden(environment).bucket
        let subject = try Subject(foreign: "$KV.\(bucket).\(Self.prefix)\(id.text)")
        do throws(BusError) {
            _ = try await bus.publishDurably(subject, payload: json.bytes, id: id)
        } catch {
            throw Failure(
                .unavailable, "the trail of promotions cannot be written: \(error)",
                remedy: "the process garden makes its bucket \(bucket) when it starts")
        }
    }

    /// Every entry, oldest first; none where no garden has run.
    static func all(_ bus: any Bus, _ environment: Environment) async throws -> [Promotion] {
        let bucket = SystemStreams.garden(environment).bucket
        do throws(BusError) {
            return try await bus.lastPerSubject(
                stream: "KV_\(bucket)", filter: try? SubjectPattern("$KV.\(bucket).\(prefix)>")
            ).compactMap { stored in (try? JSON(parsing: stored.message.payload)).flatMap { Promotion($0) } }
                .sorted { $0.at < $1.at }
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
    }

    var json: JSON {
        var json: JSONObject = [
            "id": .string(id.text), "action": .string(action.rawValue), "variant": .string(variant),
            "at": .string(at.rfc3339), "by": .string(by), "file": .string(file), "copy": .string(copy),
            "after": .string(after), "diff": .string(diff), "forced": .bool(isForced),
        ]
        json["evidence"] = evidence
        json["takes_back"] = takesBack.map { .string($0.text) }
        return .object(json)
    }

    init(
        _ action: Action, _ variant: String, file: String, copy: String, after: [UInt8], diff: String, evidence: JSON?,
        isForced: Bool, takesBack: MessageID? = nil
    ) {
        id = .v7()
        self.action = action
        self.variant = variant
        at = .now()
        by = Self.user
        self.file = file
        self.copy = copy
        self.after = Self.digest(after)
        self.diff = diff
        self.evidence = evidence
        self.isForced = isForced
        self.takesBack = takesBack
    }

    init?(_ json: JSON) {
        guard let id = json["id"]?.string.flatMap({ try? MessageID($0) }),
            let action = json["action"]?.string.flatMap(Action.init(rawValue:)),
            let variant = json["variant"]?.string, let file = json["file"]?.string, let copy = json["copy"]?.string,
            let at = json["at"]?.string.flatMap({ try? Timestamp(rfc3339: $0) }), let after = json["after"]?.string
        else { return nil }
        self.id = id
        self.action = action
        self.variant = variant
        self.at = at
        self.file = file
        self.copy = copy
        self.after = after
        by = json["by"]?.string ?? ""
        diff = json["diff"]?.string ?? ""
        evidence = json["evidence"]
        isForced = json["forced"]?.bool ?? false
        takesBack = json["takes_back"]?.string.flatMap { try? MessageID($0) }
    }

    // MARK: - The evidence

    /// The report of a variant as the file has it, out of those of the garden.
    ///
    /// - Throws: ``Failure`` where the garden runs no such variant, or one with other settings: its figures would be no evidence.
    static func evidence(of variant: String, digest: String, in file: String, among reports: [JSON]) throws(Failure)
        -> JSON
    {
        guard let json = reports.first(where: { $0["variant"]?.string == variant }) else {
            let known = reports.compactMap { $0["variant"]?.string }.joined(separator: ", ")
            throw Failure(
                .failed, "the garden runs no variant \(variant); expected one of \(known)",
                remedy: "`nimmer restart garden` takes the variants of \(file)")
        }
        guard GardenReport(json)?.digest == digest else {
            throw Failure(
                .failed,
                "the garden runs \(variant) with other settings, its own or those below it, than \(file) has now",
                remedy: "`nimmer restart garden` takes these; outcomes count from then on")
        }
        return json
    }

    // MARK: - The file

    /// Path of the system file that a command means: the one that is named, else that of the `nimmer up` which runs here.
    static func file(_ named: String?, _ environment: Environment) throws(Failure) -> String {
        if let named { return FileText.absolute(named) }
        guard let (state, _) = RunState.running(environment) else {
            throw Failure(
                .usage, "no system file: no nervous system of \(environment.rawValue) runs in this folder or above",
                remedy: "name it with --system")
        }
        return FileText.absolute(state.system)
    }

    /// Asks a person.
    ///
    /// - Throws: ``Failure`` where there is no terminal to ask on.
    static func agrees(_ question: String) throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure(.usage, "a person decides, and there is no terminal to ask on", remedy: "--yes agrees")
        }
        try Console.write("\(question) [y/N] ")
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    /// Prints a difference.
    static func show(_ diff: UnifiedDiff, _ file: String, _ paint: Paint) throws {
        try Console.line(paint(.quiet, "--- \(file)"))
        try Console.line(paint(.quiet, "+++ \(file)"))
        for line in diff.lines {
            switch line.sign {
            case "@": try Console.line(paint(.quiet, "\(line.text)"))
            case "-": try Console.line(paint(.bad, "-\(line.text)"))
            case "+": try Console.line(paint(.good, "+\(line.text)"))
            default: try Console.line(" \(line.text)")
            }
        }
    }
}
