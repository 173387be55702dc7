import NimmerPlatform
import NimmerSystem
import NimmerWave

extension SystemFile {
    /// Reads and checks a file.
    ///
    /// - Throws: `SystemError`: `unreadable` with the system's reason, or the first mistake with its place.
    public init(path: String) throws(SystemError) {
        self = try SystemFile(parsing: try SystemFile.contents(of: path), file: path)
    }

    /// Checks a text.
    ///
    /// - Parameters:
    ///   - text: UTF-8 bytes.
    ///   - file: what a refusal calls the text.
    /// - Throws: `SystemError`, the first mistake with its place.
    public init(parsing text: [UInt8], file: String) throws(SystemError) {
        try self.init(root: try YAMLParser.parse(text, file: file), file: file)
    }

    /// Checks a tree.
    init(root: YAMLNode, file: String) throws(SystemError) {
        var keys = try MappingReader(root, place: "a system file", file: file)
        let format = try keys.required("nimmerverse", try keys.integer("nimmerverse", in: 1...1))
        precondition(format == 1)
        self.init(name: try keys.required("name", try keys.text("name")), file: file)
        try SystemFile.checkToken(name, key: "name", mark: root["name"]?.mark ?? .start, file: file)
        cells = try SystemFile.organisms(try keys.list("cells"), role: .cell, file: file)
        nerves = try SystemFile.organisms(try keys.list("nerves"), role: .nerve, file: file)
        for node in try keys.list("organs") { organs.append(try OrganSettings(node, file: file)) }
        gates = try SystemFile.gates(keys.node("gates"), file: file)
        verify = try VerificationRule.rules(try keys.entries("verify"), cells: cells, nerves: nerves, file: file)
        thalamus = try SystemFile.thalamus(keys.node("thalamus"), file: file)
        bridge = try BridgeSettings(keys.node("bridge"), file: file)
        memory = try SystemFile.memory(
            keys.node("memory"), organs: organs, minds: bridge.minds.map(\.name), file: file)
        iris = try SystemFile.iris(keys.node("iris"), organs: organs, file: file)
        lifeforce = try LifeforceSettings(keys.node("lifeforce"), file: file)
        artifacts = try ArtifactBounds(keys.node("artifacts"), file: file)
        nats = try SystemFile.nats(keys.node("nats"), file: file)
        mqtt = try SystemFile.mqtt(keys.node("mqtt"), file: file)
        postgres = try SystemFile.postgres(keys.node("postgres"), file: file)
        virtual = try variants(keys.node("virtual"), root)
        web = try SystemFile.web(keys.node("web"), file: file)
        // Keys that begin with x- are a place for anchors and notes; nothing reads them.
        for entry in root.entries ?? [] where entry.key.hasPrefix("x-") { _ = keys.node(entry.key) }
        try keys.finish()
        for cell in cells { try checkFood(of: cell) }
        var seen: [String: YAMLMark] = [:]
        for (name, mark) in (cells + nerves).map({ ($0.name, $0.mark) }) + organs.map({ ($0.name, $0.mark) }) {
            if let earlier = seen.updateValue(mark, forKey: name) {
                throw SystemError(
                    .duplicate, file: file, mark: mark, found: "the name '\(name)' again",
                    expected: "each cell, nerve and organ under its own name (line \(earlier.line) has it already)")
            }
        }
    }

    /// The bytes of a file of at most 1 MiB.
    static func contents(of path: String) throws(SystemError) -> [UInt8] {
        func unreadable(_ reason: String) -> SystemError {
            SystemError(
                .unreadable, file: path, mark: .start, found: reason, expected: "a readable system file (YAML)")
        }
        do throws(SystemCallError) {
            // One byte more, so that the parser finds what is too long.
            return try SmallFile.bytes(path, limit: YAMLParser.Limits().bytes + 1)
        } catch { throw unreadable(error.reason.lowercased()) }
    }

    private static func organisms(
        _ nodes: [YAMLNode], role: Organism.Role, file: String
    ) throws(SystemError) -> [Organism] {
        var organisms: [Organism] = []
        for node in nodes {
            var keys = try MappingReader(node, place: "a \(role.rawValue)", file: file)
            let name = try keys.required("name", try keys.text("name"))
            try checkToken(name, key: "name", mark: node["name"]?.mark ?? node.mark, file: file)
            let command = try keys.texts("command") ?? []
            let kind = command.isEmpty ? try keys.required("kind", try keys.text("kind")) : try keys.text("kind") ?? ""
            let settings = try keys.entries("settings")
            var organism = Organism(
                role: role, name: name, kind: kind, command: command, settings: settings, mark: node.mark)
            organism.kindMark = node["kind"]?.mark
            organism.commandMark = node["command"]?.mark
            if let node = keys.node("subjects") {
                var subjects = try MappingReader(node, place: "subjects", file: file)
                organism.publishes = try subjects.texts("publish") ?? []
                organism.subscribes = try subjects.texts("subscribe") ?? []
                try subjects.finish()
            }
            organism.origins = try origins(keys.node("origins"), of: name, file: file)
            if role == .cell, let node = keys.node("lifeforce") {
                organism.lifeforce = try CellBudgetSettings(node, of: name, file: file)
            }
            organism.verifiesMark = node["verifies"]?.mark
            for text in try keys.texts("verifies") ?? [] {
                guard let region = try? Region(text) else {
                    throw SystemError(
                        .invalid, file: file, mark: node["verifies"]?.mark ?? node.mark, found: "'\(text)'",
                        expected:
                            "verifies: regions without wildcards, such as [plant], whose openings \(name) may verify")
                }
                organism.verifies.append(region)
            }
            try keys.finish()
            if !kind.isEmpty {
                guard (try? Token(organism.kindName)) != nil, isVersion(organism.kindVersion) else {
                    throw SystemError(
                        .invalid, file: file, mark: node["kind"]?.mark ?? node.mark, found: "'\(kind)'",
                        expected: "kind: a kind and its version, such as sensor/v1")
                }
            }
            organisms.append(organism)
        }
        return organisms
    }

    /// Maximum number of origins that one cell can be granted; more is a pattern that is still unknown.
    private static let maximumOrigins = 64

    private static func origins(
        _ node: YAMLNode?, of name: String, file: String
    ) throws(SystemError) -> [OriginPattern] {
        guard let node else { return [] }
        guard let elements = node.elements, elements.count <= maximumOrigins else {
            throw SystemError(
                .invalid, file: file, mark: node.mark, found: node.found,
                expected:
                    "origins: a list of at most \(maximumOrigins) origins that \(name) may name in its waves, such as "
                    + "[\"vm-*\"]")
        }
        var patterns: [OriginPattern] = []
        for element in elements {
            guard let text = element.text, let pattern = OriginPattern(text) else {
                throw SystemError(
                    .invalid, file: file, mark: element.mark, found: element.found,
                    expected: "origins: \(OriginPattern.expectation)")
            }
            if !patterns.contains(pattern) { patterns.append(pattern) }
        }
        return patterns
    }

    private static func isVersion(_ text: String) -> Bool {
        text.hasPrefix("v") && text.count > 1 && text.dropFirst().utf8.allSatisfy { (48...57).contains($0) }
    }

    static func gates(_ node: YAMLNode?, file: String) throws(SystemError) -> GateSettings {
        var settings = GateSettings()
        guard let node else { return settings }
        var keys = try MappingReader(node, place: "gates", file: file)
        if let defaults = keys.node("defaults") {
            settings.defaults = try GateOverrides(defaults, place: "gates.defaults", file: file)
            try settings.defaults.checkTrust(over: GateOverrides(), defaults, place: "gates.defaults", file: file)
        }
        for entry in try keys.entries("regions") {
            try checkPattern(entry.key, mark: entry.mark, file: file)
            let overrides = try GateOverrides(entry.value, place: "gates.regions.\(entry.key)", file: file)
            try overrides.checkTrust(
                over: settings.defaults, entry.value, place: "gates.regions.\(entry.key)", file: file)
            settings.regions.append(GateSettings.Rule(region: entry.key, overrides: overrides, mark: entry.mark))
        }
        try keys.finish()
        return settings
    }

    private static func thalamus(_ node: YAMLNode?, file: String) throws(SystemError) -> ThalamusSettings {
        var settings = ThalamusSettings()
        guard let node else { return settings }
        var keys = try MappingReader(node, place: "thalamus", file: file)
        settings.maxRegions = try keys.integer("max_regions", in: 1...1_000_000) ?? settings.maxRegions
        settings.partitions = try keys.integer("partitions", in: 1...256)
        settings.clockToleranceMS =
            try keys.number("clock_tolerance_ms", in: ClockTolerance.range, unit: "milliseconds")
            ?? settings.clockToleranceMS
        settings.minimumConfidence =
            try keys.number("minimum_confidence", in: 0...1) ?? settings.minimumConfidence
        settings.refractoryMS =
            try keys.number("refractory_ms", in: 0...Wire.maximumInterval, unit: "milliseconds")
            ?? settings.refractoryMS
        settings.mindOutcomeWeight = try keys.number("mind_outcome_weight", in: 0...1) ?? settings.mindOutcomeWeight
        settings.processSettings = keys.entries(of: ProcessKeys.thalamus)
        settings.regions = try regions(try keys.entries("regions"), file: file)
        try keys.finish()
        return settings
    }

    /// The regions that a mapping declares.
    static func regions(
        _ entries: [YAMLNode.Entry], file: String
    ) throws(SystemError) -> [ThalamusSettings.RegionRule] {
        var rules: [ThalamusSettings.RegionRule] = []
        for entry in entries {
            guard (try? Region(entry.key)) != nil else {
                throw SystemError(
                    .invalid, file: file, mark: entry.mark, found: "'\(entry.key)'",
                    expected: "a region: tokens a-z 0-9 _ - joined by dots")
            }
            let nodes = entry.value.text.map { _ in [entry.value] } ?? entry.value.elements
            guard let nodes, !nodes.isEmpty else {
                throw SystemError(
                    .invalid, file: file, mark: entry.value.mark, found: entry.value.found,
                    expected: "the region's patterns, such as [plant.>, pump.*]")
            }
            for node in nodes { try checkPattern(node.text ?? node.found, mark: node.mark, file: file) }
            rules.append(
                ThalamusSettings.RegionRule(
                    region: entry.key, patterns: nodes.map { $0.text ?? "" }, mark: entry.mark))
        }
        return rules
    }

    private static func nats(_ node: YAMLNode?, file: String) throws(SystemError) -> NATSSettings {
        var settings = NATSSettings()
        guard let node else { return settings }
        var keys = try MappingReader(node, place: "nats", file: file)
        settings.url = try keys.addresses("url", schemes: ["nats", "tls"], example: "nats://127.0.0.1:4222")
        settings.urlMark = node["url"]?.mark ?? settings.urlMark
        settings.user = try keys.text("user")
        settings.passwordFile = try keys.text("password_file")
        settings.tokenFile = try keys.text("token_file")
        settings.credentials = try keys.text("credentials")
        settings.replicas = try keys.integer("replicas", in: 1...5)
        if let node = keys.node("tls") {
            var tls = try MappingReader(node, place: "nats.tls", file: file)
            settings.tlsCA = try tls.text("ca")
            settings.tlsCertificate = try tls.text("certificate")
            settings.tlsKey = try tls.text("key")
            try tls.finish()
        }
        try keys.finish()
        return settings
    }

    private static func mqtt(_ node: YAMLNode?, file: String) throws(SystemError) -> MQTTSettings? {
        guard let node else { return nil }
        var settings = MQTTSettings()
        settings.mark = node.mark
        var keys = try MappingReader(node, place: "mqtt", file: file)
        settings.port = try keys.integer("port", in: 1...65_535) ?? settings.port
        if let host = try keys.text("host") {
            guard host.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }),
                host.utf8.allSatisfy({ "0123456789abcdefABCDEF.:".utf8.contains($0) })
            else {
                throw SystemError(
                    .invalid, file: file, mark: node["host"]?.mark ?? node.mark, found: "'\(host)'",
                    expected: "host: an IP address of this machine, such as 192.168.1.2, or 0.0.0.0 for all of them")
            }
            settings.host = host
        }
        try keys.finish()
        return settings
    }

    private static func postgres(_ node: YAMLNode?, file: String) throws(SystemError) -> PostgresSettings {
        var settings = PostgresSettings()
        guard let node else { return settings }
        var keys = try MappingReader(node, place: "postgres", file: file)
        settings.url = try keys.addresses(
            "url", schemes: ["postgresql", "postgres"], example: "postgresql://user@127.0.0.1:5432/nimmerverse",
            allowsKeywords: true)
        settings.urlMark = node["url"]?.mark ?? settings.urlMark
        settings.passwordFile = try keys.text("password_file")
        try keys.finish()
        return settings
    }

    private static func web(_ node: YAMLNode?, file: String) throws(SystemError) -> WebSettings? {
        guard let node else { return nil }
        var settings = WebSettings()
        settings.mark = node.mark
        var keys = try MappingReader(node, place: "web", file: file)
        settings.role = try keys.choice("role", of: WebSettings.Role.self) ?? settings.role
        try keys.finish()
        return settings
    }

    static func checkToken(
        _ text: String, key: String, mark: YAMLMark, file: String
    ) throws(SystemError) {
        guard (try? Token(text)) != nil else {
            throw SystemError(
                .invalid, file: file, mark: mark, found: "'\(text)'",
                expected: "\(key): 1 to 63 of a-z 0-9 _ -, beginning with a letter or digit")
        }
    }

    static func checkPattern(_ text: String, mark: YAMLMark, file: String) throws(SystemError) {
        guard (try? SubjectPattern(text)) != nil else {
            throw SystemError(
                .invalid, file: file, mark: mark, found: "'\(text)'",
                expected: "a pattern of regions: tokens joined by dots, * for one token, > for the rest")
        }
    }
}
