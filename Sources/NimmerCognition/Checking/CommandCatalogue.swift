import NimmerSystem
import NimmerWave

/// The commands that a decision may ask for, each with the schema of its payload.
///
/// What is not in here does not exist for a mind: a command needs an entry in `bridge.allow` and a declaration of its payload,
/// from the system file or from the living target itself (`$SRV.INFO`). A target that declares a command without a payload
/// takes an empty one.
public struct CommandCatalogue: Sendable, Hashable {
    /// A command that may be asked for.
    public struct Entry: Sendable, Hashable {
        /// The cell or nerve.
        public var target: String
        /// The command.
        public var command: String
        /// The JSON Schema of its payload: an object.
        public var payload: JSON
        /// Description by its target; may be empty.
        public var help: String

        /// Creates an entry.
        public init(target: String, command: String, payload: JSON, help: String = "") {
            self.target = target
            self.command = command
            self.payload = payload
            self.help = help
        }
    }

    /// A command as a living target declares it.
    public struct Declaration: Sendable, Hashable {
        /// The command's name; `*` stands for any name: with a payload it declares them all, without one none.
        public var name: String
        /// Description.
        public var help: String
        /// The JSON Schema of its payload; nil: none is taken.
        public var payload: JSON?

        /// Creates a declaration.
        public init(name: String, help: String = "", payload: JSON? = nil) {
            self.name = name
            self.help = help
            self.payload = payload
        }
    }

    /// The commands, in the order of the system file.
    public private(set) var entries: [Entry] = []
    /// Commands that `bridge.allow` lists and no target declares, with the reason: shown by `nimmer mind list`.
    public private(set) var unusable: [String] = []

    /// A catalogue without commands.
    public init() {}

    /// Makes a catalogue of the commands that are allowed and declared.
    ///
    /// - Parameters:
    ///   - allow: the system file's list.
    ///   - declared: what the running targets declare, by name.
    public init(allow: [BridgeSettings.Allowed], declared: [String: [Declaration]] = [:]) {
        for item in allow {
            let known = declared[item.target]
            if let command = item.command {
                var own = known?.first { $0.name == command }
                if own == nil, let any = known?.first(where: { $0.name == "*" && $0.payload != nil }) {
                    own = Declaration(name: command, help: any.help, payload: any.payload)
                }
                if let fields = item.payload {
                    let help = own?.help ?? ""
                    add(Entry(target: item.target, command: command, payload: Self.schema(of: fields), help: help))
                } else if let own {
                    add(item.target, own)
                } else {
                    unusable.append(
                        "\(item.target).\(command): "
                            + (known == nil
                                ? "\(item.target) is not running" : "\(item.target) declares no such command")
                            + "; bridge.allow can declare what its payload may hold")
                }
            } else {
                let named = (known ?? []).filter { $0.name != "*" }
                for declaration in named { add(item.target, declaration) }
                if named.isEmpty {
                    unusable.append(
                        "\(item.target): "
                            + (known == nil ? "it is not running" : "it declares no command by name")
                            + "; bridge.allow can name its commands")
                }
            }
        }
    }

    private mutating func add(_ target: String, _ declaration: Declaration) {
        let payload = declaration.payload ?? Self.schema(of: [])
        if let unknown = SchemaCheck.unknownKeyword(in: payload) {
            unusable.append(
                "\(target).\(declaration.name): its schema has a keyword that the boundary cannot check: \(unknown)")
            return
        }
        guard payload["type"]?.string == "object" else {
            unusable.append("\(target).\(declaration.name): its payload must be an object")
            return
        }
        add(Entry(target: target, command: declaration.name, payload: payload, help: declaration.help))
    }

    private mutating func add(_ entry: Entry) {
        guard !entries.contains(where: { $0.target == entry.target && $0.command == entry.command }) else { return }
        entries.append(entry)
    }

    /// The entry of a command.
    public func entry(_ target: String, _ command: String) -> Entry? {
        entries.first { $0.target == target && $0.command == command }
    }

    /// Problems of a command; empty when it may be sent.
    public func problems(of command: DownstreamCommand) -> [String] {
        guard let entry = entry(command.target, command.command) else {
            return ["\(command.target).\(command.command) is not allowed".excerpted]
        }
        return SchemaCheck.problems(of: command.payload.resolved, against: entry.payload).map {
            "\(entry.target).\(entry.command): payload: \($0)"
        }
    }

    /// An object with these fields and no others, as a JSON Schema.
    public static func schema(of fields: [Field]) -> JSON {
        FieldKind.strictSchema(of: fields)
    }
}

extension CommandCatalogue.Declaration {
    /// The commands that an answer to `$SRV.INFO` declares: the metadata of the endpoint `request` name them, and
    /// `payload:<command>` holds the JSON Schema of a payload.
    public static func declared(info: JSON) -> [CommandCatalogue.Declaration] {
        let endpoints = info["endpoints"]?.array ?? []
        guard let metadata = endpoints.first(where: { $0["name"]?.string == "request" })?["metadata"]?.object else {
            return []
        }
        return metadata.filter { !$0.key.hasPrefix(prefix) }.map { member in
            CommandCatalogue.Declaration(
                name: member.key, help: member.value.string ?? "",
                payload: metadata[prefix + member.key]?.string.flatMap { try? JSON(parsing: $0) })
        }
    }

    /// Prefix of the key of a payload's schema.
    public static let prefix = "payload:"
}
