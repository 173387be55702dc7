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

/// Checks system files before anything runs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check system files, draw them, and write what their cells need into them.",
        discussion: """
            Reads each file as every process does, asks the program of each cell and nerve whether it takes its settings \
            and what it needs, and holds the file against that: kinds have programs, settings and their values are those \
            that the programs know, nerves hear cells that there are, commands have a cell that answers them, and the origins \
            that waves name are granted (`origins:`), or the thalamus refuses them. All mistakes are named at once. \
            It also notes what may surprise: a region that one lone witness can open, or many that are hardly sure; a window that \
            is too short for a cell; a rule over regions that no cell brings; the subject of an MQTT topic. Nothing is connected to \
            and nothing is started; `nimmer up` makes the same check first.

              nimmer check plant.yaml               what is wrong, and where
              nimmer check plant.yaml --write       the same, and adds the missing lines
              nimmer check plant.yaml --svg p.svg   a picture of the system

            Exit status 1 when something is wrong. What --write adds leaves comments and layout as they are.

            Programs that the file names itself (`command:`) are not asked: they speak as themselves unless the file \
            grants them more.
            """)

    @Argument(help: "The system files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    @Flag(help: "Add to the files what the manifests of their cells require.")
    var write = false

    @Option(help: ArgumentHelp("Draw the system into this file, as SVG.", valueName: "file"), completion: .file())
    var svg: String?

    @Option(
        help: ArgumentHelp("Draw the system into this file, in Graphviz's language.", valueName: "file"),
        completion: .file())
    var dot: String?

    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if files.count > 1, svg != nil || dot != nil {
            throw ValidationError("--svg and --dot draw one system; found \(files.count) files")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        try FileText.refuse(svg, of: "--svg", over: files)
        try FileText.refuse(dot, of: "--dot", over: files)
        var isInOrder = true
        for file in files where try await problems(in: file, environment) > 0 { isInOrder = false }
        if !isInOrder { throw ExitCode(Failure.Status.failed.rawValue) }
    }

    /// Checks and prints one file; returns the number of its problems.
    private func problems(in file: String, _ environment: Environment) async throws -> Int {
        let text = try FileText.bytes(file)
        let examination = await SystemExamination(text, file: file, environment: environment)
        var findings = examination.findings
        var written: [CheckFinding] = []
        if write { written = try repair(file, text, &findings) }
        if let system = examination.checked {
            if let svg { try FileText.write(SystemDrawing(system).svg, to: svg) }
            if let dot { try FileText.write(SystemDrawing(system).dot, to: dot) }
        }
        let problems = findings.count { $0.weight == .problem }
        if json.json {
            try Console.json(
                [
                    "file": .string(file), "ok": .bool(problems == 0), "findings": .array(findings.map(\.json)),
                    "written": .array(written.map(\.json)),
                ] as JSON)
            return problems
        }
        let paint = color.paint
        for finding in findings { try Console.line(finding.line(file, paint)) }
        for finding in written {
            try Console.line(
                "\(file): \(paint(.good, "wrote")) \(finding.remedy) (\(String(finding.text.prefix { $0 != " " })))")
        }
        let verdict = problems == 0 ? paint(.good, "in order") : paint(.bad, "\(count(problems, "problem"))")
        try Console.line("\(file): \(verdict)")
        return problems
    }

    /// Writes what can be written; what was is taken from the findings and returned.
    private func repair(
        _ file: String, _ text: [UInt8], _ findings: inout [CheckFinding]
    ) throws -> [CheckFinding] {
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
