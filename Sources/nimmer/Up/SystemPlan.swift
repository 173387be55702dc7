import NimmerSystem
import NimmerWave

/// What a `nimmer up` runs: the services of the house, and the organs, cells and nerves of a system file.
struct SystemPlan: Sendable {
    /// Layers of starting: each needs what is below it; stopped from the top.
    enum Layer {
        static let servers = 0
        static let memory = 1
        static let services = 2
        static let organisms = 3
        static let exercise = 4
    }

    /// One process.
    struct Process: Equatable, Sendable {
        let name: String
        let layer: Int
        let policy: Supervisor.Policy
        /// The program: a name that is looked for beside nimmer and in PATH, or a path.
        let program: String
        let arguments: [String]
        /// What has to be installed or built when the program is not found.
        let mend: String
    }

    /// The services, in the order of start.
    static let services = [
        ("hippocampus", Layer.memory), ("cognition-bridge", Layer.services), ("thalamus", Layer.services),
    ]

    let processes: [Process]

    /// - Parameters:
    ///   - only: names of the processes that are wanted; empty for all.
    ///   - hasDatabase: whether there is a database; without one there is no hippocampus.
    /// - Throws: ``Failure`` when a name in `only` is none of the system.
    init(_ system: SystemFile, path: String, natsURL: String, only: [String], hasDatabase: Bool) throws(Failure) {
        // Everybody on the machine can read arguments; a password comes in NIMMERVERSE_NATS_URL, which they can not.
        let common = ["--system", path] + (ShownAddress(natsURL).hidesSomething ? [] : ["--nats", natsURL])
        var all: [Process] = []
        for (name, layer) in Self.services where hasDatabase || name != "hippocampus" {
            all.append(
                Process(
                    name: name, layer: layer, policy: .always, program: name, arguments: common,
                    mend: "build it with `swift build --product \(name)`"))
        }
        for organ in system.organs {
            all.append(
                Process(
                    name: organ.name, layer: Layer.services, policy: .always, program: "organ",
                    arguments: ["--name", organ.name] + common,
                    mend: "\(path):\(organ.mark) asks for an organ; build it with `swift build --product organ`"))
        }
        for organism in system.cells + system.nerves {
            if let program = organism.command.first {
                all.append(
                    Process(
                        name: organism.name, layer: Layer.organisms, policy: .unlessDone, program: program,
                        arguments: Array(organism.command.dropFirst()),
                        mend: "\(path):\(organism.mark) names it as the command of \(organism.name)"))
            } else {
                let program = Self.program(organism)
                all.append(
                    Process(
                        name: organism.name, layer: Layer.organisms, policy: .unlessDone, program: program,
                        arguments: ["--name", organism.name] + common,
                        mend: "\(path):\(organism.mark) asks for kind \(organism.kind); build it with "
                            + "`swift build --product \(program)`, or name its program with `command:`"))
            }
        }
        for name in only where !all.contains(where: { $0.name == name }) {
            let known = all.map(\.name)
            let meant = nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .usage, "--only: nothing in \(path) is called \(name)\(meant)",
                mend: "there are \(known.joined(separator: ", "))")
        }
        processes = only.isEmpty ? all : all.filter { only.contains($0.name) }
    }

    /// The executable of a kind: `math/v1` is `math-cell`, `collision_avoidance/v1` is `collision-avoidance-nerve`; a
    /// later version carries its number, `math-cell-v2`.
    static func program(_ organism: Organism) -> String {
        let name = String(organism.kindName.map { $0 == "_" ? "-" : $0 })
        let version = organism.kindVersion
        return "\(name)-\(organism.role.rawValue)" + (version.isEmpty || version == "v1" ? "" : "-\(version)")
    }
}
