import CollisionAvoidanceNerve
import DistanceCell
import HTTPCell
import MultivariateCell
import NimmerCell
import NimmerOutput
import NimmerProcess
import NimmerSensing
import NimmerSystem
import NimmerWave
import NimmerWeb
import SensorCell

/// A cell or nerve of the system, as replay drives it: the same body that lives in a process.
package protocol ReplayPart: Sendable {
    var identity: Identity { get }
    /// The cells whose waves it hears.
    var hears: [Token] { get }
    var nextAppointment: Timestamp? { get }
    /// Readings that it refused.
    var refusals: ReplayRefusals { get }
    /// Number of values that stood for no reading.
    var sentinels: Int { get }
    mutating func start(at moment: Timestamp) -> Pulse
    mutating func advance(to moment: Timestamp) -> Pulse
    /// Takes the numbers of its columns; NaN where there is none.
    mutating func read(_ numbers: [Double], at moment: Timestamp) -> Pulse
    /// Takes the number of one of its columns, where a recording has a row for each.
    mutating func read(_ number: Double, of input: Int, at moment: Timestamp) -> Pulse
    mutating func hear(_ wave: HeardWave) -> Pulse
    /// A confirmed opening that it asserted feeds it, in LF.
    mutating func feed(_ amount: Double, opening: MessageID, at moment: Timestamp) -> Pulse
    /// Counts a reading that it does not take: one that is infinite.
    mutating func refuseInfinity()
}

/// Readings of a recording that a cell refused, as it does live.
package struct ReplayRefusals: Sendable, Equatable {
    /// Number of readings that it was handed.
    package var readings = 0
    /// Number of those that it refused.
    package var refused = 0
    /// Reason of the first refusal.
    package var first: String?
}

/// A cell that is handed the numbers of its columns.
package struct ReplayCell<C: Cell>: ReplayPart {
    package var body: CellBody<C>
    package private(set) var refusals = ReplayRefusals()
    private let take: @Sendable (inout C, [Double], inout Pulse) throws -> Void
    private let takeOne: @Sendable (inout C, Double, Int, inout Pulse) throws -> Void

    private init(
        body: CellBody<C>, take: @escaping @Sendable (inout C, [Double], inout Pulse) throws -> Void,
        takeOne: @escaping @Sendable (inout C, Double, Int, inout Pulse) throws -> Void
    ) {
        (self.body, self.take, self.takeOne) = (body, take, takeOne)
    }

    package var identity: Identity { body.identity }
    package var hears: [Token] { [] }
    package var nextAppointment: Timestamp? { body.nextAppointment }
    package var sentinels: Int { body.counters.sentinels }

    /// Its source is the recording: it neither opens a file nor looks by itself.
    package mutating func start(at moment: Timestamp) -> Pulse { body.update(at: moment) { _, _ in } }
    package mutating func advance(to moment: Timestamp) -> Pulse { body.advance(to: moment) }
    package mutating func read(_ numbers: [Double], at moment: Timestamp) -> Pulse {
        hand(at: moment) { [take] cell, pulse in try take(&cell, numbers, &pulse) }
    }
    package mutating func read(_ number: Double, of input: Int, at moment: Timestamp) -> Pulse {
        hand(at: moment) { [takeOne] cell, pulse in try takeOne(&cell, number, input, &pulse) }
    }

    private mutating func hand(at moment: Timestamp, _ take: (inout C, inout Pulse) throws -> Void) -> Pulse {
        var refused: String?
        let pulse = body.update(at: moment) { cell, pulse in
            do { try take(&cell, &pulse) } catch {
                refused = "\(error)"
                throw error
            }
        }
        refusals.readings += 1
        if let refused { note(refused) }
        return pulse
    }

    private mutating func note(_ refused: String) {
        refusals.refused += 1
        if refusals.first == nil { refusals.first = refused }
    }

    package mutating func refuseInfinity() {
        refusals.readings += 1
        note("expected a finite number; found infinity")
    }

    package mutating func hear(_ wave: HeardWave) -> Pulse { body.update(at: wave.at) { _, _ in } }
    package mutating func feed(_ amount: Double, opening: MessageID, at moment: Timestamp) -> Pulse {
        body.feed(amount, opening: opening, at: moment)
    }
}

extension ReplayCell where C: NumberCell {
    /// A cell of one column.
    package init(body: CellBody<C>) {
        self.init(body: body) { cell, numbers, pulse in
            if let number = numbers.first, number.isFinite || C.takesInfinity && number == .infinity {
                try cell.read(number, &pulse)
            }
        } takeOne: { cell, number, _, pulse in
            try cell.read(number, &pulse)
        }
    }
}

extension ReplayCell where C: RowCell {
    /// A cell of several columns.
    package init(body: CellBody<C>) {
        self.init(body: body) { cell, numbers, pulse in
            try cell.read(numbers, &pulse)
        } takeOne: { cell, number, input, pulse in
            try cell.read(number, of: input, &pulse)
        }
    }
}

/// A nerve, which hears the waves of cells.
package struct ReplayNerve<N: Nerve>: ReplayPart {
    package var body: CellBody<N>

    package var identity: Identity { body.identity }
    package var hears: [Token] { body.hears }
    package var nextAppointment: Timestamp? { body.nextAppointment }
    package var refusals: ReplayRefusals { ReplayRefusals() }
    package var sentinels: Int { 0 }

    package mutating func start(at moment: Timestamp) -> Pulse { body.start(at: moment) }
    package mutating func advance(to moment: Timestamp) -> Pulse { body.advance(to: moment) }
    package mutating func read(_ numbers: [Double], at moment: Timestamp) -> Pulse {
        body.update(at: moment) { _, _ in }
    }
    package mutating func read(_ number: Double, of input: Int, at moment: Timestamp) -> Pulse {
        body.update(at: moment) { _, _ in }
    }
    package mutating func hear(_ wave: HeardWave) -> Pulse { body.hear(wave) }
    package mutating func feed(_ amount: Double, opening: MessageID, at moment: Timestamp) -> Pulse {
        body.feed(amount, opening: opening, at: moment)
    }
    package mutating func refuseInfinity() {}
}

/// The system's cells and nerves that a recording can drive.
package struct ReplayCast: Sendable {
    /// One of them, and the columns that it reads.
    package struct Member: Sendable {
        package var part: any ReplayPart
        /// The columns that its settings name; none for a nerve.
        package var columns: [String]
        /// Indicates whether a row counts for it although a column has no number there.
        package var takesGaps = false
        /// Indicates whether positive infinity is a number to it.
        package var takesInfinity = false
        /// Rows a second that its settings speak of; nil when they do not.
        package var pace: Double?
        /// Units that may stand behind its numbers; nil where it has no unit.
        package var units: UnitScale?
    }

    /// Members, in the order of the file.
    package var members: [Member] = []
    /// Kinds that no recording of numbers can drive, with how many there are.
    package private(set) var leftOut: [(kind: String, count: Int)] = []

    /// Makes the bodies of a system's cells and nerves.
    ///
    /// - Parameter reportsChanges: whether they report changes to people, unless their settings turn that off.
    /// - Throws: ``Failure`` with the place in the file and what was expected.
    package init(_ system: SystemFile, environment: Environment, reportsChanges: Bool = false) throws(Failure) {
        for organism in system.cells + system.nerves {
            do {
                guard let member = try Self.member(organism, system, environment, reportsChanges) else {
                    let kind = organism.kind.isEmpty ? "foreign" : organism.kindName
                    if let index = leftOut.firstIndex(where: { $0.kind == kind }) {
                        leftOut[index].count += 1
                    } else {
                        leftOut.append((kind, 1))
                    }
                    continue
                }
                members.append(member)
            } catch let failure as ProcessFailure {
                throw Failure(Failure.Status(rawValue: failure.status.rawValue) ?? .configuration, failure.message)
            } catch {
                let setting = (error as? Refusal)?.field
                let mark = organism.settings.first { $0.key == setting }?.value.mark ?? organism.mark
                throw Failure(.configuration, "\(system.file):\(mark): \(organism.name): \(error)")
            }
        }
    }

    private static func member(
        _ organism: Organism, _ system: SystemFile, _ environment: Environment, _ reportsChanges: Bool
    ) throws -> Member? {
        func configuration<C: Cell>(_ cell: C.Type) throws -> Configuration {
            var own = try Configuration(of: cell, environment: environment, organism: organism, system: system)
            if !reportsChanges { own.turnOff("changes") }
            return own
        }
        switch organism.kind {
        case "sensor/v1":
            let own = try configuration(Sensor.self)
            let settings = Settings<SensorOptions>(own.settings)
            let pause = Double(settings.row)
            return Member(
                part: ReplayCell<Sensor>(body: try CellBody(own)), columns: settings.column.map { [$0] } ?? [],
                pace: pause > 0 ? 1000 / pause : nil)
        case "multivariate/v1":
            let own = try configuration(Multivariate.self)
            let pause = Double(Settings<MultivariateOptions>(own.settings).row)
            let body = try CellBody<Multivariate>(own)
            return Member(
                part: ReplayCell<Multivariate>(body: body), columns: body.cell.names, takesGaps: true,
                pace: pause > 0 ? 1000 / pause : nil)
        case "distance/v1":
            let own = try configuration(Distance<NoLines>.self)
            let settings = Settings<DistanceOptions>(own.settings)
            return Member(
                part: ReplayCell<Distance<NoLines>>(body: try CellBody(own)),
                columns: [settings.column], takesInfinity: Distance<NoLines>.takesInfinity,
                pace: settings.senseInterval.map { 1000 / Double($0) }, units: settings.units)
        case "http/v1":
            let own = try configuration(HTTPProbe<NoWebClient>.self)
            let settings = Settings<HTTPOptions>(own.settings)
            return Member(
                part: ReplayCell<HTTPProbe<NoWebClient>>(body: try CellBody(own)),
                columns: settings.column.map { [$0] } ?? [], takesInfinity: HTTPProbe<NoWebClient>.takesInfinity,
                pace: settings.senseInterval.map { 1000 / Double($0) })
        case "collision_avoidance/v1":
            let own = try configuration(Avoidance.self)
            return Member(part: ReplayNerve<Avoidance>(body: try CellBody(own)), columns: [], pace: nil)
        default: return nil
        }
    }

    /// Advice for a table that seems to have a row for each value.
    private static func entityHint(_ columns: [String]) -> String {
        let usual = [
            "entity_id", "entity", "sensor", "sensor_id", "device", "topic", "metric", "_field", "name", "tag",
            "variable",
        ]
        guard let column = columns.first(where: { usual.contains($0.lowercased()) }) else { return "" }
        return "; where each row has one value, --entity-column \(column) names its sensor"
    }

    /// Names of the columns that the members read.
    ///
    /// - Parameter mapping: columns that a person gave to cells, which win over the settings.
    package func columns(mapping: [(column: String, cell: String)]) -> [String] {
        members.filter { $0.part.identity.role == .cell }.flatMap { Self.columns(of: $0, mapping) }
    }

    /// Units that may stand behind the numbers of columns, by the name or place that ``columns(mapping:)`` has of them.
    package func units(mapping: [(column: String, cell: String)]) -> [String: UnitScale] {
        var units: [String: UnitScale] = [:]
        for member in members {
            for column in Self.columns(of: member, mapping) where units[column] == nil { units[column] = member.units }
        }
        return units
    }

    private static func columns(of member: Member, _ mapping: [(column: String, cell: String)]) -> [String] {
        let name = member.part.identity.name.text
        let given = mapping.filter { $0.cell == name }.map(\.column)
        return !given.isEmpty ? given : member.columns.isEmpty ? [name] : member.columns
    }

    /// Columns that each member reads, by the places of the recording's columns; none for one that reads none.
    ///
    /// - Parameter mapping: columns that a person gave to cells, which win over the settings.
    /// - Throws: ``Failure`` that names the cells and the columns that there are.
    package func places(
        in columns: [String], of file: String, mapping: [(column: String, cell: String)]
    ) throws(Failure) -> [[Int]] {
        for (_, cell) in mapping where !members.contains(where: { $0.part.identity.name.text == cell }) {
            throw Failure(
                .usage, "no cell '\(cell)' to give a column to",
                remedy: """
                    the system's cells are \
                    \(members.filter { !$0.columns.isEmpty }.map(\.part.identity.name.text).joined(separator: ", "))
                    """)
        }
        var places: [[Int]] = []
        var missing: [(column: String, cell: String)] = []
        for member in members {
            let name = member.part.identity.name.text
            let given = mapping.filter { $0.cell == name }.map(\.column)
            guard member.part.identity.role == .cell else {
                places.append([])
                continue
            }
            let count = max(1, member.columns.count)
            if !given.isEmpty, given.count != count {
                throw Failure(
                    .usage, "found \(given.count) columns for the cell \(name); expected \(count)",
                    remedy: "give --column NAME=\(name) once for each of its inputs, in their order")
            }
            let wanted = !given.isEmpty ? given : member.columns.isEmpty ? [name] : member.columns
            var own: [Int] = []
            for column in wanted {
                do throws(Refusal) {
                    own.append(try DelimitedText.place(of: column, names: columns, count: columns.count))
                } catch {
                    if columns.count(where: { $0 == column }) > 1 {
                        throw Failure(
                            .failed, "\(file): for the cell \(name): \(error)",
                            remedy: "--column PLACE=\(name) names it by its place")
                    }
                    missing.append((column, name))
                }
            }
            places.append(own)
        }
        if let first = missing.first {
            let list = missing.map { "'\($0.column)' for the cell \($0.cell)" }.joined(separator: ", ")
            throw Failure(
                .failed, "\(file) has no column\(missing.count == 1 ? "" : "s") \(list)",
                remedy:
                    "it has \(ReplayInput.list(columns)); --column NAME=\(first.cell) names another\(Self.entityHint(columns))"
            )
        }
        return places
    }
}
