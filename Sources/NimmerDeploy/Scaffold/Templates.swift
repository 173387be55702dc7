/// The texts of a new package. Each source is a whole cell or nerve in at most 25 lines.
extension Scaffold {
    package var source: String { kind == .cell ? cellSource : nerveSource }
    package var test: String { kind == .cell ? cellTest : nerveTest }

    private var cellSource: String {
        """
        import NimmerBusNATS
        import NimmerCell
        import NimmerSystemFile

        /// Senses how busy this machine is; put your own look into `sense`.
        @main
        struct \(typeName): Cell {
            static let manifest = Manifest(
                name: "\(name)", version: "0.1.0", summary: "Reports how busy this machine is.", interval: 1000)
            struct Options: ProcessOptions {
                let alarm = Setting.number("alarm", 4, in: 0.1...1000, "The load at which it is quite sure.")
            }
            let alarm: Double

            init(_ settings: Settings<Options>) { alarm = settings.alarm }

            mutating func sense(_ pulse: inout Pulse) throws {
                let load = try readNumber("/proc/loadavg")
                pulse.emit(confidence: min(1, load / alarm), ["load": .number(load)])
            }

            static func main() async { await run(on: NATS.connector, reading: YAML.reader) }
        }

        """
    }

    private var cellTest: String {
        """
        import NimmerCell
        import NimmerTesting
        import Testing

        @testable import \(module)

        @Suite struct \(typeName)Tests {
            @Test func sensesOnceASecond() throws {
                var bench = try CellBench<\(typeName)>(["alarm": .number(2)])
                bench.start()
                bench.advance(milliseconds: 3000)
                #expect(bench.waves.count == 4)
                #expect(bench.waves.allSatisfy { $0.semanticContent["load"]?.double != nil })
            }
        }

        """
    }

    private var nerveSource: String {
        """
        import NimmerBusNATS
        import NimmerCell
        import NimmerSystemFile

        /// Notices when the cells that it hears agree; put your own behaviour into `gateChanged`.
        @main
        struct \(typeName): Nerve {
            static let manifest = Manifest(
                name: "\(name)", version: "0.1.0", summary: "Notices when the cells that it hears agree.")
            struct Options: ProcessOptions {
                let cells = Setting.list("cells", ["door", "window"], "The cells that it hears.")
            }
            let hears: [Token]

            init(_ settings: Settings<Options>) throws { hears = try settings.cells.map { try Token($0) } }

            mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws {
                let next = change.toState == .open ? "ALERT" : "IDLE"
                guard next != pulse.state else { return }
                pulse.enter(next, reason: "the gate is \\(change.toState.word)")
                if next == "ALERT" { pulse.emit(confidence: change.stateValue, ["heard": .number(Double(hears.count))]) }
            }
            static func main() async { await run(on: NATS.connector, reading: YAML.reader) }
        }

        """
    }

    private var nerveTest: String {
        """
        import NimmerCell
        import NimmerTesting
        import Testing

        @testable import \(module)

        @Suite struct \(typeName)Tests {
            @Test func twoThatAgreeRaiseTheAlarm() throws {
                var bench = try CellBench<\(typeName)>()
                bench.start()
                try bench.hear("door", confidence: 0.9)
                #expect(bench.states.isEmpty)
                try bench.hear("window", confidence: 0.9)
                #expect(bench.states == ["ALERT"])
                #expect(bench.waves.count == 1)
                bench.advance(milliseconds: 10_000)
                #expect(bench.states == ["ALERT", "IDLE"])
            }
        }

        """
    }

    package var readme: String {
        let width = max("nimmer image build".count, "swift run \(program) --help".count)
        func line(_ command: String, _ meaning: String) -> String {
            "    \(command)\(String(repeating: " ", count: width - command.count))  # \(meaning)"
        }
        let does = kind == .cell ? "Reports how busy this machine is." : "Notices when the cells that it hears agree."
        let settings =
            kind == .cell
            ? "| `alarm` | `4` | the load at which it is quite sure |\n| `interval_ms` | `1000` | how often it looks |"
            : "| `cells` | `[door, window]` | the cells that it hears |"
        return """
            # \(name)

            \(does)

            \(line("swift test", "its test"))
            \(line("swift run \(program) --help", "its settings"))
            \(line("swift run \(program)", "live, on the server of `nimmer up` or NIMMERVERSE_NATS_URL"))
            \(line("nimmer image build", "its container image"))

            | setting | default | |
            |---|---|---|
            \(settings)

            In a system file, with the program of `swift build` named by its path:

            ```yaml
            \(kind.rawValue)s:
              - name: \(name)
                command: [.build/debug/\(program)]
            ```

            """
    }
}
