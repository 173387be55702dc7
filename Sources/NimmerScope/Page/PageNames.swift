import NimmerWave

/// Numbers for what a page draws: cells, gates, minds, organs. A number never changes its meaning while a server lives.
struct PageNames: Sendable {
    /// A cell: what one origin has in one region, one line of the scope.
    struct Cell: Sendable, Hashable {
        let name: String
        /// The region that it speaks in: one name can stand for a cell in each of several.
        let region: String
        let isVirtual: Bool
        let domain: SubjectDomain
        /// Its gate's number; -1 for none.
        var gate: Int
        /// Confidence signed by polarity of its last wave; not a number before the first.
        var value = Float.nan
        /// Time of its last wave.
        var at = Int64.min
    }

    /// A mind, or the bridge before it.
    struct Mind: Sendable, Hashable {
        let name: String
        let isBridge: Bool
        var text = ""
        var at = Int64.min
        var took = Double.nan
    }

    /// An organ or motor: what commands reach.
    struct Organ: Sendable, Hashable {
        let name: String
        var text = ""
        var at = Int64.min
    }

    /// Minds and organs that get a number; what is beyond is drawn as the last.
    static let maximum = 64

    private(set) var cells: [Cell] = []
    /// The number of the cell of each trace of the buffer.
    private(set) var cellOfTrace: [Int] = []
    /// Cells that are known to run and were not heard yet.
    private var unheard: Set<Int> = []
    private(set) var gates: [String] = []
    private(set) var minds: [Mind] = []
    private(set) var organs: [Organ] = []
    private var gateNumbers: [String: Int] = [:]
    /// Number of each that a page knows already.
    private var sent = (cells: 0, gates: 0, minds: 0, organs: 0)
    private var moved: [Int] = []

    /// The number of a gate, by the name of its region.
    func gate(_ name: String) -> Int? { gateNumbers[name] }

    /// Takes over which gates and cells there are; what is new is appended, gates in order of name.
    mutating func take(_ state: ScopeState) {
        let groups = state.buffer.groups.filter { $0.domain == .nervous }
        if gateNumbers.count < state.gates.tracks.count + groups.count {
            let names = Set(state.gates.tracks.keys).union(groups.map(\.name))
            for name in names.sorted() where gateNumbers[name] == nil && gates.count < GateBoard.maximum {
                gateNumbers[name] = gates.count
                gates.append(name)
            }
        }
        let homes = Self.homes(state.buffer)
        for trace in state.buffer.traces[min(cellOfTrace.count, state.buffer.traces.count)...] {
            let gate = gateNumbers[homes[trace.lane]] ?? -1
            let awaited = unheard.first { cells[$0].name == trace.origin && cells[$0].gate == gate && !trace.isVirtual }
            if let awaited { unheard.remove(awaited) }
            cellOfTrace.append(awaited ?? cells.count)
            guard awaited == nil else { continue }
            cells.append(
                Cell(
                    name: trace.origin, region: state.buffer.lanes[trace.lane].name, isVirtual: trace.isVirtual,
                    domain: state.buffer.lanes[trace.lane].domain, gate: gate))
        }
        for (place, trace) in state.buffer.traces.enumerated() {
            let gate = gateNumbers[homes[trace.lane]] ?? -1
            let number = cellOfTrace[place]
            guard cells[number].gate != gate else { continue }
            cells[number].gate = gate
            if number < sent.cells { moved.append(number) }
        }
    }

    /// Takes in which cells run, so that each has its place before its first wave.
    mutating func expect(_ running: [PageFeed.RunningCell], in state: ScopeState) {
        for cell in running {
            let home = state.buffer.homes.home(of: cell.region)
            if gateNumbers[home] == nil, gates.count < GateBoard.maximum {
                gateNumbers[home] = gates.count
                gates.append(home)
            }
            guard let gate = gateNumbers[home], cells.count < MessageBuffer.maximumTraces,
                // One that was heard speaks elsewhere, or has its place.
                !cells.contains(where: {
                    $0.name == cell.name && !$0.isVirtual && ($0.gate == gate || $0.at != .min)
                })
            else { continue }
            unheard.insert(cells.count)
            cells.append(Cell(name: cell.name, region: cell.region, isVirtual: false, domain: .nervous, gate: gate))
        }
    }

    /// The name of each lane's group.
    private static func homes(_ buffer: MessageBuffer) -> [String] {
        var homes = buffer.lanes.map(\.name)
        for group in buffer.groups { for lane in group.lanes { homes[lane] = group.name } }
        return homes
    }

    mutating func felt(_ cell: Int, _ value: Float, at: Int64) {
        cells[cell].value = value
        cells[cell].at = at
    }

    mutating func mind(_ name: String, isBridge: Bool = false) -> Int {
        if let known = minds.firstIndex(where: { $0.name == name && $0.isBridge == isBridge }) { return known }
        guard minds.count < Self.maximum else { return minds.count - 1 }
        minds.append(Mind(name: name, isBridge: isBridge))
        return minds.count - 1
    }

    mutating func answered(_ mind: Int, _ text: String, at: Int64, took: Double) {
        minds[mind].text = text
        minds[mind].at = at
        minds[mind].took = took
    }

    mutating func organ(_ name: String) -> Int {
        if let known = organs.firstIndex(where: { $0.name == name }) { return known }
        guard organs.count < Self.maximum else { return organs.count - 1 }
        organs.append(Organ(name: name))
        return organs.count - 1
    }

    mutating func acted(_ organ: Int, _ text: String, at: Int64) {
        organs[organ].text = text
        organs[organ].at = at
    }

    /// The gates that no page knows yet.
    var unsentGates: ArraySlice<String> { gates[sent.gates...] }

    /// Additions since the last call, as a frame; nil where nothing is.
    ///
    /// - Parameter new: the values of ``unsentGates``.
    mutating func additions(gates new: [JSON]) -> PageFrame? {
        var members: [(String, JSON)] = []
        if !new.isEmpty { members.append(("gates", .array(new))) }
        if sent.cells < cells.count { members.append(("cells", .array(cells[sent.cells...].map(\.json)))) }
        if sent.minds < minds.count { members.append(("minds", .array(minds[sent.minds...].map(\.json)))) }
        if sent.organs < organs.count { members.append(("organs", .array(organs[sent.organs...].map(\.json)))) }
        if !moved.isEmpty {
            let pairs = moved.map { JSON.array([PageText.count($0), PageText.count(cells[$0].gate)]) }
            members.append(("moved", .array(pairs)))
        }
        moved = []
        sent = (cells.count, gates.count, minds.count, organs.count)
        return members.isEmpty ? nil : .of("names", members)
    }
}

extension PageNames.Cell {
    var json: JSON {
        var object: JSONObject = [
            "key": .string("\(region) \(name)\(isVirtual ? " virtual" : "")"),
            "n": PageText.shown(name, PageText.name), "gate": PageText.count(gate), "virtual": .bool(isVirtual),
            "domain": .string("\(domain)"), "v": PageText.number(Double(value)),
        ]
        object["at"] = at == .min ? .null : PageText.moment(at)
        return .object(object)
    }
}

extension PageNames.Mind {
    var json: JSON {
        [
            "n": PageText.shown(name, PageText.name), "kind": .string(isBridge ? "bridge" : "mind"),
            "text": PageText.shown(text, PageText.answer), "at": at == .min ? .null : PageText.moment(at),
            "took": PageText.number(took, 1),
        ]
    }
}

extension PageNames.Organ {
    var json: JSON {
        [
            "n": PageText.shown(name, PageText.name), "text": PageText.shown(text, PageText.answer),
            "at": at == .min ? .null : PageText.moment(at),
        ]
    }
}
