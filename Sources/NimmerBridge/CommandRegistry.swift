import Logging
import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Keeps the catalogue of commands by what the running targets declare: asked at the start and every fifteen seconds.
final class CommandRegistry: Sendable {
    private let process: ServiceProcess
    private let allow: [BridgeSettings.Allowed]
    private let state: Mutex<CommandCatalogue>

    init(_ process: ServiceProcess, _ allow: [BridgeSettings.Allowed]) {
        self.process = process
        self.allow = allow
        state = Mutex(CommandCatalogue(allow: allow))
    }

    /// Catalogue of the commands that may be asked for now.
    var catalogue: CommandCatalogue { state.withLock { $0 } }

    /// Asks the targets.
    func refresh() async {
        var declared: [String: [CommandCatalogue.Declaration]] = [:]
        for target in Set(allow.map(\.target)) {
            guard let subject = try? Subject(foreign: "$SRV.INFO.\(target)"),
                let answer = try? await process.bus.request(subject, payload: [], timeout: .milliseconds(500)),
                let info = try? JSON(parsing: answer.payload)
            else { continue }
            declared[target] = CommandCatalogue.Declaration.declared(info: info)
        }
        let fresh = CommandCatalogue(allow: allow, declared: declared)
        let isNew = state.withLock { state in
            defer { state = fresh }
            return state != fresh
        }
        for reason in fresh.unusable where isNew {
            process.logger.notice("An allowed command cannot be used", metadata: ["command": "\(reason)"])
        }
    }

    func run() async {
        guard !allow.isEmpty else { return }
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(15)) } catch { return }
            await refresh()
        }
    }
}
