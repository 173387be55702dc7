import ArgumentParser
import NimmerBus
import NimmerIdentity
import NimmerOutput
import NimmerPlatform
import NimmerProcess
import NimmerReplay
import NimmerServers
import NimmerSupervisor
import NimmerSystem
import NimmerWave
import Synchronization
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

/// One run of `nimmer up`, from the first line to the last process gone.
struct UpSession: Sendable {
    let environment: Environment
    let place: RunFolder
    /// The system file, absolute.
    let path: String
    let system: SystemFile
    let only: [String]
    let wantsDatabase: Bool
    /// The server that `--nats` names.
    let natsURL: String?
    /// Seconds of load, if any.
    let exercise: Double?
    let showsCalm: Bool
    let showsEvents: Bool
    let paint: Paint
    /// Recording that drives the cells; nil without one.
    var playing: Playing?
    let lines = UpLines(
        rewrites: Console.isTerminal && !["", "dumb"].contains(ProcessEnvironment.variable("TERM") ?? ""))

    /// Seconds between the start and the load: the vitals look once a second.
    static let calmBeforeExercise = 5.0

    func run() async throws {
        // A wrong --only must not start a server first, nor a port that is taken.
        let names = try plan(natsURL: "", hasDatabase: wantsDatabase).processes.map(\.name)
        let ports = try Self.ports(for: names, variable(Self.httpVariable))
        let pages = try variable(Self.httpVariable).map { text throws(Failure) in try Self.gather(text, ports) }
        defer { pages?.stop() }
        try place.make()
        let lock = try UpLock(place)
        try await cleanUp()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let began = Timestamp.now()
        try Console.line(
            "\(paint(.strong, "nimmer up"))  \(paint.chip(environment))  \(system.name)  \(paint(.quiet, "\(path)"))")

        let servers = PrivateServers(place)
        let log = LogFile(place)
        _ = place.takeRestarts()
        let chosenNATS = chosenNATS
        let chosenPostgres = (exportsOwnPostgres ? nil : variable(DatabaseOptions.variable)) ?? system.postgres.url
        let identities =
            chosenNATS == nil ? try await SystemIdentities(place, playing?.granted(system, environment) ?? system) : nil
        let url: String
        do {
            async let database: Void = startDatabase(servers, chosenPostgres)
            url = try await startNATS(servers, chosenNATS, identities)
            try await database
        } catch {
            await servers.nats?.stop()
            await servers.postgres?.stop()
            throw error
        }
        let plan = try plan(natsURL: url, hasDatabase: servers.database != nil)
        let display = UpDisplay(paint: paint, names: plan.processes.map(\.name), width: Console.width)
        var loop = makeLoop(
            plan, servers, display, natsURL: url, identities: identities, ports: ports, log: log, began: began)
        let inbox = loop.inbox
        try Console.line(
            paint(
                .quiet,
                "  \(plan.processes.map(\.name).joined(separator: ", "))  (started in "
                    + "\(LocalTime.span(milliseconds: Timestamp.now().milliseconds(since: began))); Ctrl-C stops all)"))

        for line in playing?.lines(paint) ?? [] { try Console.line(line) }
        if let pages {
            try Console.line(
                paint(
                    .quiet, "  /metrics, /readyz and /healthz of all on port \(pages.port); `nimmer status` shows each")
            )
        }
        let tasks = TaskOwner()
        let player = TaskOwner()
        // A recording ends with the first request to stop, not with the last process.
        let stop: @Sendable () -> Void = {
            player.cancelAll()
            inbox.yield(.stop)
        }
        tasks.run { [self] in await watch(url, identities, display) }
        tasks.run {
            for await _ in signals { stop() }
        }
        tasks.run { [place] in
            while !Console.readerHasGone {
                for name in place.takeRestarts() { inbox.yield(.restart(name)) }
                guard (try? await Task.sleep(for: .milliseconds(250))) != nil else { return }
            }
            stop()
        }
        let hasPlayed = Atomic<Bool>(true)
        if let playing {
            player.run { [self] in
                let choice = choice(of: url, identities)
                do {
                    try await playing.run(choice, environment, waitsForThalamus: names.contains("thalamus")) {
                        line, ink in
                        lines.line(display.own(line, ink))
                    }
                } catch {
                    lines.line(display.own("the recording cannot be played: \(error)", .bad))
                    hasPlayed.store(false, ordering: .relaxed)
                }
                if playing.endsSystem, !Task.isCancelled { inbox.yield(.stop) }
            }
        }
        if let server = servers.nats { tasks.run { [self] in await watchDisk(of: server, display) } }
        await loop.run()
        await player.end()
        await tasks.end()
        RunState.remove(place)
        try? Console.line(display.own("all stopped"))
        withExtendedLifetime(lock) {}
        if playing?.endsSystem == true, !hasPlayed.load(ordering: .relaxed) {
            throw ExitCode(Failure.Status.unavailable.rawValue)
        }
    }

    /// The plan, without the cells whose recorded waves are played.
    private func plan(natsURL: String, hasDatabase: Bool) throws(Failure) -> SystemPlan {
        var running = system
        let absent = playing?.playback.absent ?? []
        running.cells.removeAll { absent.contains($0.name) }
        running.nerves.removeAll { absent.contains($0.name) }
        return try SystemPlan(running, path: path, natsURL: natsURL, only: only, hasDatabase: hasDatabase)
    }

    /// Indicates whether this shell's variables are those that `nimmer env --export` printed of the private server here: it is started again,
    /// not looked for.
    private var exportsOwnNATS: Bool {
        variable("NIMMERVERSE_NATS_CREDENTIALS") == place.identities.ownerCredentials
    }

    /// The server that is used instead of a private one: the flag's, the variable's or the file's; nil for a private one.
    private var chosenNATS: ServerChoice? {
        if let natsURL { return ServerChoice(url: natsURL, origin: .upFlag) }
        if !exportsOwnNATS, let url = variable(ServerChoice.variable) {
            return ServerChoice(url: url, origin: .variable)
        }
        return system.nats.url.map {
            ServerChoice(url: $0, origin: .file("\(path):\(system.nats.urlMark)"))
        }
    }

    /// The server that runs now, for this command's own connections.
    private func choice(of url: String, _ identities: SystemIdentities?) -> ServerChoice {
        chosenNATS
            ?? ServerChoice(
                url: url, origin: .running(folder: place.path), ownerCredentials: identities?.ownerCredentials)
    }

    private var exportsOwnPostgres: Bool {
        guard let exported = variable("NIMMERVERSE_POSTGRES_PASSWORD") else { return false }
        return (try? SecretFile.read("\(place.path)/postgres/password")) == exported
    }

    private func variable(_ name: String) -> String? {
        ProcessEnvironment.variable(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static let httpVariable = "NIMMERVERSE_HTTP_PORT"

    /// A port of 127.0.0.1 for each process, where pages of health and metrics were asked for: processes that share a variable do not
    /// share a port.
    private static func ports(for names: [String], _ text: String?) throws(Failure) -> [String: UInt16] {
        guard text != nil else { return [:] }
        var ports: [String: UInt16] = [:]
        for name in names {
            ports[name] = try Failure.ofServers { () throws(ServerError) in try LoopbackPort.free() }
        }
        return ports
    }

    private static func gather(_ text: String, _ ports: [String: UInt16]) throws(Failure) -> GatheredPages {
        do throws(ProcessFailure) { return try GatheredPages(text, ports: ports) } catch {
            throw Failure(error.status == .usage ? .usage : .unavailable, error.message)
        }
    }

    /// Ends what an earlier `nimmer up` left behind when it was killed.
    private func cleanUp() async throws {
        guard let state = try RunState.read(place) else { return }
        let left = state.living(in: place)
        if !left.isEmpty {
            try Console.line(
                "an earlier run was killed; stopping what it left: "
                    + left.map { "\($0.name) (\($0.identity.pid))" }.joined(separator: ", "))
            await OrphanedProcesses.stop(left)
        }
        RunState.remove(place)
    }

    private func startNATS(
        _ servers: PrivateServers, _ chosen: ServerChoice?, _ identities: SystemIdentities?
    ) async throws -> String {
        guard let identities else {
            guard let chosen else { throw Failure(.software, "neither a server nor identities for one") }
            let bus = try await CommandConnection.open(chosen)
            let version = bus.status.server?.version ?? "unknown"
            await bus.close()
            try Console.line("  nats-server  \(chosen.shown), not ours  \(paint(.quiet, "\(version)"))")
            return chosen.url
        }
        let server = try await servers.startNATS(identities)
        try Console.line(
            "  nats-server  \(server.url)  \(paint(.quiet, "\(server.binary.version), pid \(server.pid)"))")
        for line in identities.lines(mqttPort: server.mqttPort, paint) { try Console.line(line) }
        return server.url
    }

    /// Names a full disk, and ends the nats-server once there is room again: the supervisor starts it, and it writes again.
    private func watchDisk(of server: NATSServer, _ display: UpDisplay) async {
        var watch = DiskWatch()
        while (try? await Task.sleep(for: .milliseconds(500))) != nil {
            switch watch.look(free: DiskWatch.free(at: place.path)) {
            case .full: lines.line(display.own("\(DiskWatch.words(place.path))", .bad))
            case .room:
                lines.line(
                    display.own("the disk of \(place.path) has room again; starting nats-server again", .warning))
                // 2.9 hangs, its own end included.
                await server.stop(grace: .seconds(2))
            case nil: break
            }
        }
    }

    private func startDatabase(_ servers: PrivateServers, _ chosen: String?) async throws {
        let isWanted = wantsDatabase && (only.isEmpty || only.contains("hippocampus"))
        guard isWanted else {
            if wantsDatabase { return }
            try Console.line("  postgresql   none: decisions wait in the streams until a hippocampus reads them")
            return
        }
        if let chosen {
            servers.use(.init(url: chosen, passwordFile: system.postgres.passwordFile))
            try Console.line(
                "  postgresql   not ours, from \(variable(DatabaseOptions.variable) == nil ? "the system file" : DatabaseOptions.variable)"
            )
            return
        }
        let server = try await servers.startPostgres()
        try Console.line(
            "  postgresql   127.0.0.1:\(server.port)  \(paint(.quiet, "data in \(server.folder), pid \(server.processID)"))"
        )
        if let notice = server.notice { try Console.line("               \(paint(.quiet, "\(notice)"))") }
    }

    private func makeLoop(
        _ plan: SystemPlan, _ servers: PrivateServers, _ display: UpDisplay, natsURL: String,
        identities: SystemIdentities?, ports: [String: UInt16], log: LogFile, began: Timestamp
    ) -> SupervisorLoop {
        var members: [Supervisor.Member] = []
        var starters: [String: @Sendable () async throws -> Running] = [:]
        if identities != nil {
            members.append(.init(name: "nats-server", layer: SystemPlan.Layer.servers, policy: .always, grace: 12_000))
            starters["nats-server"] = { try await servers.keepNATS() }
        }
        if servers.postgres != nil {
            members.append(.init(name: "postgresql", layer: SystemPlan.Layer.servers, policy: .always, grace: 30_000))
            starters["postgresql"] = { try await servers.keepPostgres() }
        }
        for process in plan.processes {
            members.append(.init(name: process.name, layer: process.layer, policy: process.policy, grace: 8_000))
            starters[process.name] = {
                try await self.start(
                    process, servers, natsURL, identities, httpPort: ports[process.name], log, display)
            }
        }
        if let exercise {
            members.append(.init(name: "exercise", layer: SystemPlan.Layer.exercise, policy: .once, grace: 500))
            starters["exercise"] = {
                try await self.start(
                    .init(
                        name: "exercise", layer: SystemPlan.Layer.exercise, policy: .once, program: OwnProgram.path,
                        arguments: [
                            "exercise", "\(exercise)", "--after", "\(Self.calmBeforeExercise)", "--folder", place.path,
                        ], remedy: ""), servers, natsURL, nil, httpPort: nil, log, display)
            }
        }
        let layers = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.layer) })
        return SupervisorLoop(
            Supervisor(members, seed: UInt64.random(in: 0 ... .max)), starters: starters,
            notice: { lines.line(display.notice($0)) },
            changed: { living, supervisor in
                guard let own = ProcessIdentity.current else { return }
                var state = RunState(
                    nimmer: own, startedAt: began, system: path, natsURL: natsURL,
                    isPrivateNATS: identities != nil, postgres: servers.database?.url,
                    postgresPasswordFile: servers.database?.passwordFile,
                    processes: living.map {
                        .init(name: $0.key, identity: $0.value, layer: layers[$0.key] ?? 0, httpPort: ports[$0.key])
                    }.sorted { ($0.layer, $0.name) < ($1.layer, $1.name) }, waiting: supervisor.waiting)
                state.restarts = supervisor.restarts
                state.playing = playing?.words
                do throws(Failure) { try state.write(place) } catch { Console.error(error.printed) }
            })
    }

    /// Starts one program of the plan with what it has to know now.
    private func start(
        _ process: SystemPlan.Process, _ servers: PrivateServers, _ natsURL: String, _ identities: SystemIdentities?,
        httpPort: UInt16?, _ log: LogFile, _ display: UpDisplay
    ) async throws -> Running {
        guard let program = Executables.find(process.program, extraFolders: [OwnProgram.folder]) else {
            throw Failure(.unavailable, "no program \(process.program); \(process.remedy)")
        }
        var variables = ChildCommand.inheritedEnvironment
        variables["NIMMERVERSE_ENV"] = environment.rawValue
        variables["NIMMERVERSE_SYSTEM"] = path
        variables["NIMMERVERSE_NAME"] = process.name
        variables["NIMMERVERSE_NATS_URL"] = natsURL
        if let identities { variables = identities.variables(of: process.name, inherited: variables) }
        if (variables["NIMMERVERSE_STATE"] ?? "").isEmpty { variables["NIMMERVERSE_STATE"] = place.stateFolder }
        variables["NIMMERVERSE_PLAY"] = playing?.drives(process.name) ?? false ? "1" : nil
        variables[Self.httpVariable] = httpPort.map { "127.0.0.1:\($0)" }
        if let database = servers.database, process.name == "hippocampus" {
            variables["NIMMERVERSE_POSTGRES_URL"] = database.url
            if let file = database.passwordFile {
                variables["NIMMERVERSE_POSTGRES_PASSWORD"] = try FileText.secret(file)
            }
        }
        let command = ChildCommand(program, process.arguments, environment: variables)
        return try await Running.program(command) { line in
            log.append(process.name, line)
            lines.line(display.log(process.name, line))
        }
    }

    /// Shows what happens until the task is cancelled.
    private func watch(_ url: String, _ identities: SystemIdentities?, _ display: UpDisplay) async {
        let choice = choice(of: url, identities)
        guard showsEvents, let bus = try? await CommandConnection.open(choice, waits: true) else { return }
        let formatter = EventFormatter(paint: paint, nameWidth: display.nameWidth, width: display.width)
        var limiter = DisplayRateLimiter()
        var steady = SteadyWaves()
        if let feed = try? await bus.messages(.everything(environment), limit: 65_536) {
            for await message in feed {
                let subject = message.subject.text
                let decoded = try? AnyMessage.decode(message.payload, on: message.subject.text)
                var row: SteadyWaves.Fold?
                if !showsCalm, case .waveSignal(let wave)? = decoded {
                    switch steady.judge(wave, on: subject, at: message.at) {
                    case .repeatsSoon: continue
                    case .repeats(let fold, let isDue):
                        let isDue = isDue && limiter.judge(decoded, at: message.at) != .hide
                        if lines.write(fold, formatter, isDue: isDue) {
                            steady.shown(fold, isBelow: isDue, at: message.at)
                        }
                        continue
                    case .first(let fold, let before):
                        row = fold
                        if let before, limiter.judge(.waveSignal(before.newest), at: message.at) != .hide {
                            _ = lines.write(before, formatter, isDue: true, at: wave.header.timestamp)
                        }
                    }
                }
                switch showsCalm ? .show : limiter.judge(decoded, at: message.at) {
                case .hide: continue
                case .show: break
                case .showAfter(let heldBack):
                    lines.line(paint(.quiet, "             … \(count(heldBack, "more wave")) in that second"))
                }
                let line =
                    decoded.map { formatter.line(subject: subject, message: $0) }
                    ?? formatter.line(subject: subject, payload: message.payload, at: message.at)
                if let row { lines.line(line, of: row) } else { lines.line(line) }
                if Task.isCancelled { break }
            }
        }
        await bus.close()
    }
}
