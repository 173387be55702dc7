import ArgumentParser
import NimmerInspection
import NimmerOutput
import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Checks a system file before anything runs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a system file, and write what its cells need into it.",
        discussion: """
            Reads the file as every process does, asks the program of each cell and nerve whether it takes its settings \
            and what it needs, and holds the file against that: the origins that its waves name must be granted \
            (`origins:`), or the thalamus refuses them. It also notes what may surprise: a region that one lone witness \
            can open, or many that are hardly sure; a window that is too short for a cell; the subject of an MQTT topic. \
            Nothing is connected to and nothing is started.

              nimmer check plant.yaml          what is wrong, with line and remedy
              nimmer check plant.yaml --write  the same, and adds the missing lines

            Exit status 1 when something is wrong. What --write adds leaves comments and layout as they are.

            Programs that the file names itself (`command:`) are not asked: they speak as themselves unless the file \
            grants them more.
            """)

    @Argument(help: "The system file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Flag(help: "Add to the file what the manifests of its cells require.")
    var write = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let text = try FileText.bytes(file)
        var findings = await findings(text, environment)
        var written: [CheckFinding] = []
        if write { written = try repair(text, &findings) }
        let problems = findings.count { $0.weight == .problem }
        if json.json {
            try Console.json(
                [
                    "file": .string(file), "ok": .bool(problems == 0), "findings": .array(findings.map(\.json)),
                    "written": .array(written.map(\.json)),
                ] as JSON)
        } else {
            let paint = color.paint
            for finding in findings { try Console.line(finding.line(file, paint)) }
            for finding in written {
                try Console.line(
                    "\(file): \(paint(.good, "wrote")) \(finding.remedy) (\(String(finding.text.prefix { $0 != " " })))"
                )
            }
            let verdict =
                problems == 0 ? paint(.good, "in order") : paint(.bad, "\(count(problems, "problem"))")
            try Console.line("\(file): \(verdict)")
        }
        if problems > 0 { throw ExitCode(Failure.Status.failed.rawValue) }
    }

    private func findings(_ text: [UInt8], _ environment: Environment) async -> [CheckFinding] {
        let system: SystemFile
        do throws(SystemError) { system = try SystemFile(parsing: text, file: file) } catch {
            return [
                CheckFinding(
                    weight: .problem, check: "file", mark: error.mark, text: "found \(error.found)",
                    remedy: "expected \(error.expected)")
            ]
        }
        var manifests: [String: ProgramAnswer] = [:]
        for organism in system.cells + system.nerves {
            manifests[organism.name] = await ProgramAnswer.ask(
                organism, systemPath: FileText.absolute(file), environment: environment)
        }
        let checked = CheckedSystem(system: system, manifests: manifests)
        return SystemChecks.all.flatMap { $0.findings(in: checked) }
    }

    /// Writes what can be written; what was is taken from the findings and returned.
    private func repair(_ text: [UInt8], _ findings: inout [CheckFinding]) throws -> [CheckFinding] {
        var changed = text
        var written: [CheckFinding] = []
        for finding in findings {
            guard let change = finding.change else { continue }
            do throws(SystemError) {
                changed = try SystemFileEdit.apply(change, in: changed, file: file)
                written.append(finding)
            } catch { Console.error("nimmer: \(error)") }
        }
        guard changed != text else { return [] }
        try FileText.replace(file, with: changed)
        findings.removeAll { written.contains($0) }
        return written
    }
}
