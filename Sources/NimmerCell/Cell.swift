import NimmerBus
import NimmerSystem
import NimmerWave

/// A cell: the smallest unit, which wraps one capability (architecture.md).
///
/// A value. The runtime calls its methods one at a time with a ``Pulse``: the moment, and a place for what is to be done.
/// The same cell therefore runs live, in tests and in replay. Every method but `init` has a default that does nothing.
///
/// ```swift
/// import NimmerBusNATS
/// import NimmerCell
/// import NimmerSystemFile
///
/// @main struct Cellar: Cell {
///     static let manifest = Manifest(
///         name: "cellar", version: "1.0.0", summary: "Detects a damp cellar.", domain: "climate", interval: 1000)
///     struct Options: ProcessOptions {
///         let alarm = Setting.number("alarm", 70, in: 1...100, unit: "%", "Humidity that is too much.")
///     }
///     let alarm: Double
///     init(_ settings: Settings<Options>) { alarm = settings.alarm }
///
///     mutating func sense(_ pulse: inout Pulse) throws {
///         let humidity = try readNumber("/sys/bus/iio/devices/iio:device0/in_humidityrelative_input")
///         pulse.emit(confidence: min(1, humidity / alarm), ["humidity": .number(humidity)])
///     }
///
///     static func main() async { await run(on: NATS.connector, reading: YAML.reader) }
/// }
/// ```
public protocol Cell: Sendable {
    /// Settings; none of its own unless declared.
    associatedtype Options: ProcessOptions = NoOptions

    /// Identity: its name, costs and requests.
    static var manifest: Manifest { get }
    /// The state that it stands in before it entered another (``Pulse/enter(_:of:reason:cost:details:isLast:)``): `IDLE` unless given.
    static var initialState: String { get }
    /// A cell, or a nerve: what conforms to ``Nerve`` is one, and hears.
    static var kind: CellKind<Self> { get }

    /// A cell at rest.
    ///
    /// - Throws: `ProcessFailure` or `Refusal` when the settings make no sense together; the process logs it and exits.
    init(_ settings: Settings<Options>) throws

    /// The commands that it answers by its settings; those of the manifest unless given, which a manifest with the name `*` cannot list.
    var knownCommands: [String] { get }

    /// Checks what a cell needs live, and not in tests and replay, where its input is handed to it: a source, for example.
    ///
    /// - Throws: `ProcessFailure` or `Refusal`, before anything starts; `nimmer check` and `nimmer up` report it.
    func checkSource() throws

    /// The subjects that it reads besides its requests, such as a device's.
    func inputs(in environment: Environment) throws -> [SubjectPattern]

    /// Called once, before anything else.
    mutating func start(_ pulse: inout Pulse) throws

    /// Called every `interval_ms`, at once after the start for the first time.
    ///
    /// An error means that this look failed; it is counted and logged when it is new, and the next look comes.
    mutating func sense(_ pulse: inout Pulse) throws

    /// A message on one of its inputs.
    ///
    /// - Throws: why the message was refused; it is counted and published as a Reject.
    mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws

    /// A command that its manifest lists.
    ///
    /// - Throws: a `Refusal` to refuse it, any other error to fail it.
    mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer

    /// Work that it began has ended.
    ///
    /// - Parameters:
    ///   - work: the name that it was begun under.
    ///   - outcome: what it returned, or why it failed (cancelled when its deadline passed).
    ///   - pulse: the moment, and what is to be done.
    /// - Returns: the answer, when the work belonged to a request.
    mutating func finished(_ work: String, _ outcome: Result<JSON, any Error>, _ pulse: inout Pulse) throws -> Answer

    /// A command that it sent was answered, or was not.
    mutating func answered(_ command: Command, by cell: Token, _ result: CommandResult, _ pulse: inout Pulse) throws

    /// The moment that it asked for with ``Pulse/wake(after:)``.
    mutating func wake(_ pulse: inout Pulse) throws

    /// Its own gate changed its state.
    mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws

    /// Called once, when the process was asked to stop; what it does here still leaves.
    mutating func stop(_ pulse: inout Pulse)

    /// A run of its own beside the pulses: reading a file or the lines of a command, for example. Ends when the task is
    /// cancelled, which happens when the process stops; returning early is fine.
    static func live(_ host: CellHost<Self>) async throws
}

/// Answer of a cell to a command.
public enum Answer: Sendable {
    /// Done; this is the result.
    case done(JSON)
    /// Not allowed or not understood, and why.
    case refused(String)
    /// Tried and failed, and why.
    case failed(String)
    /// It takes time: the work runs outside the cell under the command's deadline and ends in ``Cell/finished(_:_:_:)``.
    case later(String, work: @Sendable () async throws -> JSON)
}

extension Cell {
    /// `IDLE`.
    public static var initialState: String { "IDLE" }

    /// A cell.
    public static var kind: CellKind<Self> { .cell }

    /// A cell, or a nerve.
    public static var role: Role { kind.role }

    /// Those of the manifest.
    public var knownCommands: [String] { Self.manifest.commands.map(\.name) }

    /// Needs nothing.
    public func checkSource() throws {}

    /// None.
    public func inputs(in environment: Environment) throws -> [SubjectPattern] { [] }

    /// Does nothing.
    public mutating func start(_ pulse: inout Pulse) throws {}

    /// Does nothing.
    public mutating func sense(_ pulse: inout Pulse) throws {}

    /// Does nothing.
    public mutating func receive(_ message: BusMessage, _ pulse: inout Pulse) throws {}

    /// Refuses.
    public mutating func perform(_ command: Command, _ pulse: inout Pulse) throws -> Answer {
        .refused("\(pulse.name) does not know the command '\(command.command)'")
    }

    /// Answers with what the work returned, or why it failed.
    public mutating func finished(
        _ work: String, _ outcome: Result<JSON, any Error>, _ pulse: inout Pulse
    ) throws -> Answer {
        switch outcome {
        case .success(let result): .done(result)
        case .failure(let error): .failed("\(error)")
        }
    }

    /// Does nothing.
    public mutating func answered(
        _ command: Command, by cell: Token, _ result: CommandResult, _ pulse: inout Pulse
    ) throws {}

    /// Does nothing.
    public mutating func wake(_ pulse: inout Pulse) throws {}

    /// Does nothing.
    public mutating func gateChanged(_ change: GateTransition, _ pulse: inout Pulse) throws {}

    /// Does nothing.
    public mutating func stop(_ pulse: inout Pulse) {}

    /// Has none.
    public static func live(_ host: CellHost<Self>) async throws {}

    /// Runs the cell as a process until it is stopped, and exits with its status; see `ServiceProcess`.
    ///
    /// - Parameters:
    ///   - connector: opens the bus, such as `NATS.connector`.
    ///   - reader: reads the system file, such as `YAML.reader`.
    public static func run(on connector: @escaping BusConnector, reading reader: SystemFileReader) async -> Never {
        await ServiceProcess.main(manifest, Options.self, role: role, on: connector, reading: reader) {
            configuration, _ in
            let cell = try CellBody<Self>(configuration).cell
            if !configuration.isPlayed || !CellBody<Self>.isPlayable { try cell.checkSource() }
        } facts: { configuration in
            try CellBody<Self>(configuration).facts
        } run: { process, _ in
            try await CellHost<Self>(process).run()
        }
    }
}
