import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import NimmerSupervisor

private func at(_ milliseconds: Double) -> SteadyTime { SteadyTime(milliseconds: milliseconds) }

private func three() -> Supervisor {
    Supervisor(
        [
            .init(name: "cell", layer: 3, policy: .unlessDone), .init(name: "nats", layer: 0, policy: .always),
            .init(name: "thalamus", layer: 1, policy: .always),
        ], seed: 1)
}

/// All started at 0.
private func running() -> Supervisor {
    var supervisor = three()
    _ = supervisor.start()
    for name in ["nats", "thalamus", "cell"] { _ = supervisor.started(name, at: at(0)) }
    return supervisor
}

@Suite struct SupervisorTests {
    @Test func startsLowerLayersFirst() {
        var supervisor = three()
        #expect(supervisor.start() == [.spawn("nats"), .spawn("thalamus"), .spawn("cell")])
    }

    @Test func restartsWhatEnded() {
        var supervisor = running()
        let actions = supervisor.ended("thalamus", .exited(1), at: at(100))
        guard case .notify(.ended("thalamus", .exited(1), let wait)) = actions.first else {
            Issue.record("the end is said first: \(actions)")
            return
        }
        #expect((200...300).contains(wait))
        #expect(supervisor.nextWake == at(100).advanced(milliseconds: wait))
        #expect(supervisor.tick(at: at(100)).isEmpty)
        #expect(supervisor.tick(at: at(500)) == [.spawn("thalamus")])
        #expect(supervisor.restarts["thalamus"] == 1)
    }

    @Test func anythingThatEndsUnaskedIsRestartedEvenWithSuccessWhenItShouldAlwaysRun() {
        var supervisor = running()
        #expect(supervisor.ended("nats", .exited(0), at: at(1)).count == 1)
        #expect(supervisor.tick(at: at(1_000)) == [.spawn("nats")])
    }

    @Test func aCellThatIsDoneStaysDone() {
        var supervisor = running()
        #expect(supervisor.ended("cell", .exited(0), at: at(1)) == [.notify(.done("cell"))])
        #expect(supervisor.tick(at: at(1_000_000)).isEmpty)
    }

    @Test func aCellWithNothingToSenseIsReportedOnceAndTriedAgain() {
        var supervisor = running()
        let nothing = Supervisor.Ending.exited(Supervisor.nothingHere)
        #expect(supervisor.ended("cell", nothing, at: at(0)) == [.notify(.absent("cell", again: Backoff.longest))])
        #expect(supervisor.tick(at: at(Backoff.longest)) == [.spawn("cell")])
        _ = supervisor.started("cell", at: at(Backoff.longest))
        #expect(supervisor.ended("cell", nothing, at: at(Backoff.longest + 10)).isEmpty)
    }

    @Test func neverGivesUpButSlowsAndSaysSoOnce() {
        var supervisor = running()
        var now = 0.0
        var slowing = 0
        var waits: [Double] = []
        for _ in 0..<20 {
            for action in supervisor.ended("thalamus", .signalled(9), at: at(now)) {
                if case .notify(.slowing) = action { slowing += 1 }
                if case .notify(.ended(_, _, let wait)) = action { waits.append(wait) }
            }
            now += Backoff.longest * 2
            #expect(supervisor.tick(at: at(now)) == [.spawn("thalamus")])
            _ = supervisor.started("thalamus", at: at(now))
        }
        #expect(slowing == 1)
        #expect(waits.allSatisfy { $0 <= Backoff.longest * 1.2 })
        #expect(waits.last! > Backoff.longest * 0.75)
    }

    @Test func aHealthyLifeForgivesFailures() {
        var jitter = SplitMix(seed: 3)
        var backoff = Backoff()
        for _ in 0..<8 { _ = backoff.failed(after: 10, jitter: &jitter) }
        #expect(backoff.failures == 8)
        #expect(backoff.failed(after: Backoff.healthy, jitter: &jitter) < 400)
        #expect(backoff.failures == 1)
    }

    @Test func jitterSpreadsWhatFellTogether() {
        var waits: Set<Double> = []
        for seed in 0..<20 {
            var jitter = SplitMix(seed: UInt64(seed))
            var backoff = Backoff()
            waits.insert(backoff.failed(after: 0, jitter: &jitter))
        }
        #expect(waits.count == 20)
    }

    @Test func stopsInReverseOrderEachLayerAfterTheOneAbove() {
        var supervisor = running()
        #expect(supervisor.stop(at: at(0)) == [.notify(.stopping), .terminate("cell")])
        #expect(supervisor.ended("cell", .exited(0), at: at(5)) == [.terminate("thalamus")])
        #expect(supervisor.ended("thalamus", .signalled(15), at: at(6)) == [.terminate("nats")])
        #expect(supervisor.ended("nats", .exited(1), at: at(7)) == [.finished])
    }

    @Test func aMemberIsRestartedWhateverItDoes() {
        var supervisor = running()
        #expect(supervisor.restart("cell", at: at(0)) == [.terminate("cell")])
        // It was asked to end: that is no failure, and not the end of a cell that is done.
        #expect(supervisor.ended("cell", .exited(0), at: at(5)) == [.notify(.restarted("cell")), .spawn("cell")])
        _ = supervisor.started("cell", at: at(6))
        _ = supervisor.ended("cell", .exited(1), at: at(7))
        #expect(supervisor.waiting == ["cell"])
        #expect(supervisor.restart("cell", at: at(8)) == [.notify(.restarted("cell")), .spawn("cell")])
        #expect(supervisor.waiting == ["cell"], "it is being started")
        #expect(supervisor.restart("cell", at: at(8)).isEmpty, "it restarts once it has started")
        #expect(supervisor.started("cell", at: at(9)) == [.terminate("cell")])
        #expect(supervisor.restart("cell", at: at(9)).isEmpty, "it is on its way already")
        #expect(supervisor.ended("cell", .signalled(15), at: at(9)) == [.notify(.restarted("cell")), .spawn("cell")])
        #expect(supervisor.started("cell", at: at(9)).isEmpty)
        #expect(supervisor.restart("unknown", at: at(9)).isEmpty)
        _ = supervisor.stop(at: at(10))
        #expect(supervisor.restart("cell", at: at(11)).isEmpty)
    }

    @Test func oneThatRunsOnceIsRestartedWhenThatIsAsked() {
        var supervisor = Supervisor([.init(name: "exercise", layer: 3, policy: .once)], seed: 1)
        _ = supervisor.start()
        _ = supervisor.started("exercise", at: at(0))
        #expect(supervisor.restart("exercise", at: at(1)) == [.terminate("exercise")])
        #expect(
            supervisor.ended("exercise", .signalled(15), at: at(2)) == [
                .notify(.restarted("exercise")), .spawn("exercise"),
            ])
        #expect(supervisor.restarts == ["exercise": 1])
        _ = supervisor.started("exercise", at: at(3))
        #expect(supervisor.ended("exercise", .exited(0), at: at(4)) == [.notify(.done("exercise"))])
    }

    @Test func oneThatCannotBeStartedForARestartIsTriedOnceMore() {
        var supervisor = running()
        _ = supervisor.ended("cell", .exited(1), at: at(0))
        _ = supervisor.restart("cell", at: at(1))
        _ = supervisor.restart("cell", at: at(2))
        #expect(supervisor.ended("cell", .unstartable("x"), at: at(3)).last == .spawn("cell"))
        if case .notify(.ended("cell", _, _)) = supervisor.ended("cell", .unstartable("x"), at: at(4)).first {
        } else {
            Issue.record("it waits then")
        }
    }

    @Test func oneThatDoesNotEndForARestartIsKilledAndStartsAgain() {
        var supervisor = running()
        _ = supervisor.restart("cell", at: at(0))
        #expect(supervisor.tick(at: at(5_000)) == [.notify(.killed("cell")), .kill("cell")])
        #expect(supervisor.ended("cell", .signalled(9), at: at(5_001)).last == .spawn("cell"))
    }

    @Test func killsWhatDoesNotStopInItsGrace() {
        var supervisor = running()
        _ = supervisor.stop(at: at(0))
        #expect(supervisor.nextWake == at(5_000))
        #expect(supervisor.tick(at: at(4_999)).isEmpty)
        #expect(supervisor.tick(at: at(5_000)) == [.notify(.killed("cell")), .kill("cell")])
        #expect(supervisor.tick(at: at(9_000)).isEmpty)
    }

    @Test func aSecondStopIsImpatient() {
        var supervisor = running()
        _ = supervisor.stop(at: at(0))
        #expect(Set(supervisor.stop(at: at(1)).map { "\($0)" }).count == 3)
        #expect(supervisor.ended("nats", .signalled(9), at: at(2)).isEmpty)
        #expect(supervisor.ended("cell", .signalled(9), at: at(2)).isEmpty)
        #expect(supervisor.ended("thalamus", .signalled(9), at: at(2)) == [.finished])
    }

    @Test func whatWaitsToRestartDoesNotHoldUpTheStop() {
        var supervisor = running()
        _ = supervisor.ended("cell", .exited(3), at: at(0))
        #expect(supervisor.stop(at: at(1)) == [.notify(.stopping), .terminate("thalamus")])
        #expect(supervisor.tick(at: at(100_000)).contains(.spawn("cell")) == false)
    }

    @Test func stoppingWithNothingLeftFinishesAtOnce() {
        var supervisor = Supervisor([.init(name: "a", layer: 0, policy: .once)], seed: 0)
        _ = supervisor.start()
        _ = supervisor.started("a", at: at(0))
        #expect(supervisor.ended("a", .exited(0), at: at(1)) == [.notify(.done("a"))])
        #expect(supervisor.stop(at: at(2)) == [.notify(.stopping), .finished])
    }
}

@Suite struct RunStateTests {
    @Test func theStateSurvivesItsFile() throws {
        let state = RunState(
            nimmer: try #require(ProcessIdentity("11:2:boot")), startedAt: Timestamp(milliseconds: 5000),
            system: "deploy/systems/vitals.yaml", natsURL: "nats://127.0.0.1:1", postgres: nil,
            processes: [.init(name: "thalamus", identity: try #require(ProcessIdentity("13:4:boot")), layer: 1)])
        #expect(RunState(json: try JSON(parsing: state.json.pretty)) == state)
        #expect(!state.isAlive)
        #expect(state.living(in: RunFolder.here(.dev)).isEmpty)
        #expect(RunState(json: ["nimmer": 1]) == nil)
        for key in ["nimmer", "started_at", "system", "processes", "nats_private", "waiting", "restarts"] {
            var changed = try #require(state.json.object)
            changed[key] = [5]
            #expect(RunState(json: .object(changed)) == nil, "\(key) of another type")
        }
    }

    @Test func aPreparedPlaceIsNotBelieved() throws {
        var template = Array("/tmp/nimmer-place-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let place = RunFolder(environment: .dev, path: "\(folder)/.nimmer/dev")
        try place.make()
        #expect(try RunState.read(place) == nil)
        // A process of this user that was not started from here is not what a state file may name.
        let own = try #require(ProcessIdentity.current)
        let entries = ["nats-server", "postgresql", "thalamus"].map {
            RunState.Entry(name: $0, identity: own, layer: 1)
        }
        var state = RunState(
            nimmer: own, startedAt: .now(), system: "x.yaml", natsURL: nil, postgres: nil, processes: entries)
        try state.write(place)
        let read = try #require(try RunState.read(place))
        #expect(read.processes == entries)
        #expect(read.isAlive && read.living(in: place).isEmpty)
        state.nimmer = try #require(ProcessIdentity(pid: 1))
        #expect(state.isAlive && !state.isOwn)

        // The state, and then the folders, are links to where somebody else could write.
        #expect(rename(place.statePath, folder + "/state") == 0 && symlink(folder + "/state", place.statePath) == 0)
        #expect(throws: Failure.self) { try RunState.read(place) }
        unlink(place.statePath)
        #expect(mkfifo(place.statePath, 0o600) == 0)
        #expect(throws: Failure.self) { try RunState.read(place) }
        unlink(place.statePath)
        chmod(place.path, 0o777)
        let open = #expect(throws: Failure.self) { try RunState.read(place) }
        #expect(open?.message.text.contains("\(place.path) may be changed by all users") == true)
        chmod(place.path, 0o755)
        #expect(rename(folder + "/.nimmer", folder + "/real") == 0 && symlink("real", folder + "/.nimmer") == 0)
        for attempt in [{ try place.make() }, { _ = try RunState.read(place) }] {
            let error = #expect(throws: Failure.self) { try attempt() }
            #expect(error?.message.text.contains("\(folder)/.nimmer is a link") == true)
        }
    }
}
