import NimmerOutput
import NimmerSystem
import NimmerWave

/// Plan of a `nimmer up`: the services of the system, and the organs, cells and nerves of a system file.
package struct SystemPlan: Sendable {
    /// Layers of starting: each needs what is below it; stopped from the top.
    package enum Layer {
        package static let servers = 0
        package static let memory = 1
        package static let services = 2
        package static let organisms = 3
        package static let exercise = 4
    }

    /// One process.
    package struct Process: Equatable, Sendable {
        package let name: String
        package let layer: Int
        package let policy: Supervisor.Policy
        /// The program: a name that is looked for beside nimmer and in PATH, or a path.
        package let program: String
        package let arguments: [String]
        /// Remedy when the program is not found: what has to be installed or built.
        package let remedy: String

        package init(
            name: String, layer: Int, policy: Supervisor.Policy, program: String, arguments: [String], remedy: String
        ) {
            self.name = name
            self.layer = layer
            self.policy = policy
            self.program = program
            self.arguments = arguments
            self.remedy = remedy
        }
    }

    /// The services, in the order of start.
    package static let services = [
        ("hippocampus", Layer.memory), ("cognition-bridge", Layer.services), ("thalamus", Layer.services),
    ]

    /// The services that a system needs, in the order of start: without variants no garden.
    package static func services(of system: SystemFile) -> [(name: String, layer: Int)] {
        services.map { (name: $0.0, layer: $0.1) }
            + (system.virtual.isEmpty ? [] : [(name: "garden", layer: Layer.services)])
    }

    package let processes: [Process]

    /// - Parameters:
    ///   - only: names of the processes that are wanted; empty for all.
    ///   - hasDatabase: whether there is a database; without one there is no hippocampus.
    /// - Throws: ``Failure`` when a name in `only` is not in the system.
    package init(_ system: SystemFile, path: String, natsURL: String, only: [String], hasDatabase: Bool) throws(Failure)
    {
        // Every user of the machine can read arguments; a password comes in NIMMERVERSE_NATS_URL, which they can not.
        let common = ["--system", path] + (ShownAddress(natsURL).hidesSomething ? [] : ["--nats", natsURL])
        var all: [Process] = []
        for (name, layer) in Self.services(of: system) where hasDatabase || name != "hippocampus" {
            all.append(
                Process(
                    name: name, layer: layer, policy: .always, program: name, arguments: common,
                    remedy: "build it with `swift build --product \(name)`"))
        }
        for organ in system.organs {
            all.append(
                Process(
                    name: organ.name, layer: Layer.services, policy: .always, program: "organ",
                    arguments: ["--name", organ.name] + common,
                    remedy: "\(path):\(organ.mark) asks for an organ; build it with `swift build --product organ`"))
        }
        for organism in system.cells + system.nerves {
            if let program = organism.command.first {
                all.append(
                    Process(
                        name: organism.name, layer: Layer.organisms, policy: .unlessDone, program: program,
                        arguments: Array(organism.command.dropFirst()),
                        remedy: "\(path):\(organism.mark) names it as the command of \(organism.name)"))
            } else {
                let program = organism.program
                all.append(
                    Process(
                        name: organism.name, layer: Layer.organisms, policy: .unlessDone, program: program,
                        arguments: ["--name", organism.name] + common,
                        remedy: "\(path):\(organism.mark) asks for kind \(organism.kind); build it with "
                            + "`swift build --product \(program)`, or name its program with `command:`"))
            }
        }
        for name in only where !all.contains(where: { $0.name == name }) {
            let known = all.map(\.name)
            let meant = nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .usage, "--only: nothing in \(path) is called \(name)\(meant)",
                remedy: "there are \(known.joined(separator: ", "))")
        }
        processes = only.isEmpty ? all : all.filter { only.contains($0.name) }
    }
}
