import NimmerBus
import NimmerBusNATS
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerSupervisor
import NimmerSystem
import NimmerSystemCheck
import NimmerSystemFile
import NimmerWave

/// A system file, read whole: all its mistakes, and what the programs of its cells and nerves answer.
struct SystemExamination: Sendable {
    /// The file without what is wrong in it; nil where nothing of it can be read.
    let checked: CheckedSystem?
    /// Findings, in the order of the file.
    let findings: [CheckFinding]

    var problems: [CheckFinding] { findings.filter { $0.weight == .problem } }

    /// Examines a text.
    ///
    /// - Parameters:
    ///   - only: the names of the parts whose programs are asked; all where it is empty.
    ///   - isStarting: whether it is to be started here: programs find this shell's variables, as `nimmer up` passes them on.
    ///   - played: the names of the cells that a recording drives, whose sources are left alone.
    init(
        _ text: [UInt8], file: String, environment: Environment, only: [String] = [], isStarting: Bool = false,
        played: Set<String> = []
    ) async {
        let variables = isStarting ? ProgramAnswer.Variables.inherited : .fileAlone
        let mistakes: SystemMistakes
        do throws(SystemError) { mistakes = try SystemMistakes(in: text, file: file) } catch {
            checked = nil
            findings = [Self.finding(error)]
            return
        }
        let system = mistakes.sound
        let asked = (system.cells + system.nerves).filter {
            !mistakes.incomplete.contains($0.name) && (only.isEmpty || only.contains($0.name))
        }
        let answers = await ProgramAnswer.ask(
            asked, systemPath: FileText.absolute(file), environment: environment, variables: variables, played: played)
        let services =
            SystemPlan.services(of: system).map { (name: $0.name, program: $0.name) }
            + system.organs.map { (name: $0.name, program: "organ") }
        let serviceAnswers = await ProgramAnswer.ask(
            services: services.filter { only.isEmpty || only.contains($0.name) },
            systemPath: FileText.absolute(file), environment: environment, variables: variables)
        let checked = CheckedSystem(
            system: system, manifests: answers, services: serviceAnswers, isStarting: isStarting)
        self.checked = checked
        let found =
            mistakes.all.map(Self.finding) + Self.addresses(of: system)
            + SystemChecks.all.flatMap { $0.findings(in: checked) }
        findings = found.enumerated().sorted {
            ($0.element.mark.line, $0.element.mark.column, $0.offset)
                < ($1.element.mark.line, $1.element.mark.column, $1.offset)
        }.map(\.element)
    }

    /// Addresses of the servers with which no connection can be tried.
    private static func addresses(of system: SystemFile) -> [CheckFinding] {
        var findings: [CheckFinding] = []
        if let url = system.nats.url {
            do throws(BusError) { try ServerURL.check(url) } catch {
                findings.append(
                    CheckFinding(
                        weight: .problem, check: "file", mark: system.nats.urlMark, text: "nats.url: \(error)"))
            }
        }
        if let url = system.postgres.url {
            do throws(MemoryError) { try DatabaseSettings.check(url) } catch {
                findings.append(
                    CheckFinding(
                        weight: .problem, check: "file", mark: system.postgres.urlMark,
                        text: "postgres.url: \(error.message)", remedy: error.remedy))
            }
        }
        return findings
    }

    private static func finding(_ error: SystemError) -> CheckFinding {
        CheckFinding(
            weight: .problem, check: "file", mark: error.mark,
            text: "found \(error.found); expected \(error.expected)")
    }
}
