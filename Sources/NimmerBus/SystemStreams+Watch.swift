import NimmerWave

extension SystemStreams {
    /// A change of what the streams capture.
    public enum Change: Sendable, Hashable {
        /// Processes of 2.0 live: the streams capture what these write and read, too.
        case widened
        /// The last of them has gone, and the streams are those of this version.
        case migrated
    }

    /// Looks again and again whether the streams are as those who live need them, until the task is cancelled. A process of 2.0 that
    /// starts sets their subjects back, and no process migrates them when the last of these stops; a single question whether one lives may
    /// have come to it late.
    ///
    /// - Parameters:
    ///   - pause: the time between two looks. The streams are migrated when two in a row have found no process of 2.0.
    ///   - wait: how long a busy process may take to answer with its version.
    ///   - notify: called for each change, and for what kept the streams from it.
    public static func watch(
        on bus: any Bus, environment env: Environment, keepingWaves: Bool = false, every pause: Duration = .seconds(30),
        wait: Duration = .seconds(2),
        notify: (Result<Change, BusError>) -> Void = { _ in }
    ) async {
        var looksWithout = 0
        while (try? await ContinuousClock().sleep(for: pause)) != nil {
            guard bus.status.isConnected,
                let isMixed = bus.identity == nil ? await hasLegacyPeers(on: bus, environment: env) : false
            else { continue }
            looksWithout = isMixed ? 0 : looksWithout + 1
            guard isMixed || looksWithout >= 2 else { continue }
            do throws(BusError) {
                let before = try await captured(on: bus, env)
                _ = try await make(
                    on: bus, environment: env, keepingWaves: keepingWaves, mayChange: true, isMixed: isMixed)
                if try await captured(on: bus, env) != before { notify(.success(isMixed ? .widened : .migrated)) }
            } catch {
                notify(.failure(error))
            }
        }
    }

    /// Subjects that the streams capture which have changed since 2.0.
    private static func captured(on bus: any Bus, _ env: Environment) async throws(BusError) -> [String: [String]] {
        var captured: [String: [String]] = [:]
        for name in legacy(env).keys { captured[name] = try await bus.stream(name).subjects.sorted() }
        return captured
    }
}
