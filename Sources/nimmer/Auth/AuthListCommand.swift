import ArgumentParser
import NimmerIdentity
import NimmerOutput
import NimmerServers
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Shows who may do what, without writing anything.
struct AuthListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show who may publish and read what, as `auth generate` would grant it.")

    @Argument(help: "The system file.", completion: .file(extensions: ["yaml", "yml"]))
    var file: String

    @Option(help: ArgumentHelp("Show this part only.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "The folder whose former keys are shown. Default: that of the `nimmer up` that runs here, else .nimmer/<env>/auth.",
            valueName: "folder"))
    var out: String?

    @OptionGroup var json: JSONOptions

    func run() throws {
        let environment = try chosenEnvironment()
        var grants: [Grant]
        do throws(SystemError) {
            grants = try Grant.all(of: try SystemFile(path: file), in: environment)
        } catch { throw Failure(error) }
        if let name {
            let known = grants.map(\.name)
            grants.removeAll { $0.name != name }
            guard !grants.isEmpty else {
                throw Failure(
                    .usage, "no identity in \(file) is called \(name)",
                    remedy: "there are \(known.joined(separator: ", "))")
            }
        }
        let former: [FormerKey]
        do throws(ServerError) { former = try KeyTarget.resolve(out, environment).folder.former() } catch {
            throw Failure(.unavailable, "\(error)")
        }
        if json.json {
            return try Console.json(
                JSON.array(grants.map { grant in grant.json(former: former.filter { $0.name == grant.name }) }))
        }
        for grant in grants {
            try Console.line("\(grant.name) (\(grant.role.rawValue))")
            for subject in grant.publish { try Console.line("  publish    \(subject)") }
            for subject in grant.publishDenied { try Console.line("  but not    \(subject)") }
            for subject in grant.subscribe { try Console.line("  subscribe  \(subject)") }
            for key in former where key.name == grant.name { try Console.line("  also       \(key.line(at: .now()))") }
        }
    }
}

extension Grant {
    fileprivate func json(former: [FormerKey]) -> JSON {
        let texts = { (list: [String]) in JSON.array(list.map { .string($0) }) }
        return [
            "name": .string(name), "role": .string(role.rawValue), "publish": texts(publish),
            "publish_denied": texts(publishDenied), "subscribe": texts(subscribe),
            "former_keys": .array(former.map { $0.json(at: .now()) }),
        ]
    }
}
