import NimmerBus
import NimmerBusNATS
import NimmerOutput
import NimmerProcess
import NimmerWave

/// A connection to the NATS server for the time of one command.
enum CommandConnection {
    /// Opens a connection, lets a command use it, and closes it, whatever happens.
    ///
    /// - Throws: ``Failure`` that names the server and how to start one, when none answers.
    static func with<Result>(
        _ options: ServerOptions, _ environment: Environment,
        _ body: (any Bus) async throws -> Result
    ) async throws -> Result {
        let choice = try options.choice(environment)
        let bus = try await open(choice)
        do {
            let result = try await body(bus)
            await bus.drain(timeout: .seconds(2))
            return result
        } catch {
            await bus.drain(timeout: .seconds(2))
            if let error = error as? BusError { throw Failure(error, choice) }
            throw error
        }
    }

    static func open(_ choice: ServerChoice, waits: Bool = false) async throws(Failure) -> any Bus {
        var settings = BusSettings(url: choice.url, name: "nimmer", waitsForServer: waits)
        settings.take(ProcessVariable.current())
        settings.url = choice.url
        if let file = choice.credentials {
            settings.credentials = .file(file)
        } else if settings.credentials == .none, let file = choice.ownerCredentials {
            settings.credentials = .file(file)
        }
        // The private server has no certificates, whatever the variables state of another.
        if choice.ownerCredentials != nil {
            (settings.tlsCA, settings.tlsCertificate, settings.tlsKey) = (nil, nil, nil)
        }
        let bus: any Bus
        do throws(BusError) { bus = try await NATS.connector(settings) } catch {
            if error.code == .invalid { throw Failure(unusable: choice, error) }
            let isAnonymous = settings.credentials == .none && !choice.url.contains("@")
            throw Failure(error, choice, isAnonymous: isAnonymous)
        }
        let environment = try chosenEnvironment()
        guard let reason = bus.status.server?.refusal(of: environment) else { return bus }
        await bus.close()
        throw Failure(
            .usage, reason,
            remedy: "set \(TerminalText(Environment.variable)) to the server's, or name another server with --server")
    }
}

extension Failure {
    /// An address, or a setting beside it, with which no connection can be tried: wrong in a file it is the configuration, else the usage.
    fileprivate init(unusable choice: ServerChoice, _ error: BusError) {
        let status: Status =
            switch choice.origin {
            case .context, .file: .configuration
            case .flag, .upFlag, .variable, .running, .usual, .foreign: .usage
            }
        self.init(status, "the NATS server cannot be used (\(choice.origin.words)): \(error)")
    }

    /// Maps a failure of a bus, with the server where it happened.
    ///
    /// - Parameter isAnonymous: whether it was tried without credentials.
    init(_ error: BusError, _ choice: ServerChoice, isAnonymous: Bool = false) {
        switch error.code {
        case .notConnected:
            self.init(
                .unavailable, "no NATS server answers at \(choice.shown) (\(choice.origin.words))",
                remedy: "\(choice.remedy)")
        case .badCredentials where isAnonymous:
            self.init(
                .permission, "\(choice.shown) (\(choice.origin.words)): the server requires credentials; none given",
                remedy:
                    "name a file with --credentials or NIMMERVERSE_NATS_CREDENTIALS; the server of a `nimmer up` takes its "
                    + "owner's, which are found in its folder and below")
        case .badCredentials:
            self.init(.permission, "\(choice.shown) (\(choice.origin.words)): \(error)")
        case .tls:
            self.init(.unavailable, "\(choice.shown) (\(choice.origin.words)): \(error)")
        case .timeout, .noResponders, .full, .closed, .noStreams, .notFound:
            self.init(.unavailable, "\(error)")
        default:
            self.init(.software, "\(error)")
        }
    }
}

extension ServerChoice {
    /// Remedy for a missing server, seen from where this choice came from.
    var remedy: String {
        switch origin {
        case .flag: "start a server there, or leave out --server to use the one of `nimmer up`"
        case .upFlag: "start a server there, or leave out --nats to have `nimmer up` start one"
        case .file: "start a server there, or remove nats.url from the file to have `nimmer up` start one"
        case .variable: "start a server there, or unset \(ServerChoice.variable) to use the one of `nimmer up`"
        case .context: "start a server there, or choose another with `nimmer context select`"
        case .running: "`nimmer status` shows its state; `nimmer down` and `nimmer up` start it again"
        case .foreign(_, let user): "run this as user \(user), or start a nervous system of your own elsewhere"
        case .usual: "start one with `nimmer up`, or name one with --server or \(ServerChoice.variable)"
        }
    }
}
