import NimmerWave
import Testing

@testable import MotorCell

@Suite("motor: one motion after the other")
struct MotorTests {
    private let start = Timestamp(nanoseconds: 0)

    private func motor(parallel: Int = 1) throws -> Motor {
        let subject = try Subject(foreign: "wheels.set")
        return Motor(
            settings: try MotorSettings(
                motions: [
                    "forward": .run(["/usr/bin/drive", "--speed", "{speed}"]), "turn": .run(["/usr/bin/turn"]),
                    "wheels": .publish(subject),
                ], timeout: 5000, parallel: parallel))
    }

    private func states(_ actions: [Motor.Action]) -> [Motor.State] {
        actions.compactMap { if case .report(let report) = $0 { report.state } else { nil } }
    }

    private func answer(_ actions: [Motor.Action]) -> CommandResult? {
        actions.compactMap { if case .answer(_, let result) = $0 { result } else { nil } }.first
    }

    @Test("a program goes COMMANDED, RUNNING, STOPPED and its end is answered")
    func program() throws {
        var motor = try motor()
        let (id, first) = motor.command(Command(command: "forward", payload: ["speed": -0.5]), at: start)
        #expect(states(first) == [.commanded])
        #expect(first.contains(.start(id: id, arguments: ["/usr/bin/drive", "--speed", "-0.5"])))
        #expect(states(motor.started(id, at: start)) == [.running])
        let last = motor.ended(id, status: 0, at: start)
        #expect(states(last) == [.stopped])
        #expect(answer(last)?.status == .ok)
        #expect(!motor.isBusy)
    }

    @Test("an exit status other than 0 is an error that names it")
    func failure() throws {
        var motor = try motor()
        let (id, _) = motor.command(Command(command: "turn"), at: start)
        _ = motor.started(id, at: start)
        let result = try #require(answer(motor.ended(id, status: 3, at: start)))
        #expect(result.status == .error)
        #expect(result.error == "exit status 3")
    }

    @Test("what takes longer than the command or the setting allows is ended as STALLED, once")
    func stalled() throws {
        var motor = try motor()
        let (id, _) = motor.command(Command(command: "turn", deadlineMilliseconds: 1000), at: start)
        _ = motor.started(id, at: start)
        #expect(motor.nextDeadline == start.advanced(milliseconds: 1000))
        #expect(motor.advance(to: start.advanced(milliseconds: 999)).isEmpty)
        #expect(motor.advance(to: start.advanced(milliseconds: 1000)) == [.end(id: id)])
        #expect(motor.advance(to: start.advanced(milliseconds: 2000)).isEmpty)
        let last = motor.ended(id, status: 143, at: start)
        #expect(states(last) == [.stalled])
        #expect(answer(last)?.status == .error)
    }

    @Test("a program that cannot be started is STALLED, with the reason")
    func notStarted() throws {
        var motor = try motor()
        let (id, _) = motor.command(Command(command: "turn"), at: start)
        let actions = motor.failed(id, reason: "no such file", at: start)
        #expect(states(actions) == [.stalled])
        #expect(answer(actions)?.error == "no such file")
    }

    @Test("never two at once, unless configured")
    func busy() throws {
        var one = try motor()
        _ = one.command(Command(command: "turn"), at: start)
        let second = one.command(Command(command: "forward", payload: ["speed": 1]), at: start).actions
        #expect(answer(second)?.status == .refused)
        #expect(answer(second)?.error == "busy with turn; at most 1 at once")
        #expect(states(second).isEmpty)
        var two = try motor(parallel: 2)
        _ = two.command(Command(command: "turn"), at: start)
        #expect(states(two.command(Command(command: "turn"), at: start).actions) == [.commanded])
    }

    @Test("what it was not configured for is refused with what it knows")
    func unknown() throws {
        var motor = try motor()
        let result = try #require(answer(motor.command(Command(command: "fly"), at: start).actions))
        #expect(result.status == .refused)
        #expect(result.error == "'fly' is not configured; this motor knows forward, turn, wheels, stop")
    }

    @Test("stop ends what runs and answers both")
    func stop() throws {
        var motor = try motor()
        let (id, _) = motor.command(Command(command: "turn"), at: start)
        _ = motor.started(id, at: start)
        let (stop, actions) = motor.command(Command(command: "stop"), at: start)
        #expect(actions == [.end(id: id), .answer(id: stop, CommandResult(status: .ok, result: ["stopped": 1]))])
        let last = motor.ended(id, status: 143, at: start)
        #expect(states(last) == [.stopped])
        #expect(answer(last)?.error == "stopped by a command")
    }

    @Test("publishing is done at once")
    func publishing() throws {
        var motor = try motor()
        let (id, actions) = motor.command(Command(command: "wheels", payload: ["left": 1]), at: start)
        #expect(
            actions.contains(
                .publish(id: id, try Subject(foreign: "wheels.set"), ["command": "wheels", "payload": ["left": 1]])))
        let last = motor.published(id, at: start)
        #expect(states(last) == [.running, .stopped])
        #expect(answer(last)?.status == .ok)
    }

    @Test(
        "a payload that could become an option or a control character is refused",
        arguments: [
            #"{"speed":"--help"}"#, #"{"speed":"-1"}"#, #"{"speed":"a\nb"}"#, #"{"speed":"a\u0000b"}"#,
            #"{"speed":"a\u009bb"}"#, #"{"speed":""}"#, #"{"speed":[1]}"#, "{}",
        ])
    func payload(text: String) throws {
        var motor = try motor()
        let actions = motor.command(Command(command: "forward", payload: try JSON(parsing: text)), at: start).actions
        #expect(answer(actions)?.status == .refused)
        #expect(!motor.isBusy)
    }

    @Test("a number below 0 is given as the value of an option or behind --, and never as an option itself")
    func negative() throws {
        #expect(try Motion.filled(["/bin/x", "--by", "{n}"], with: ["n": -9]) == ["/bin/x", "--by", "-9"])
        #expect(try Motion.filled(["/bin/x", "--", "{n}"], with: ["n": -9]) == ["/bin/x", "--", "-9"])
        #expect(try Motion.filled(["/bin/x", "{n}"], with: ["n": 9]) == ["/bin/x", "9"])
        for arguments in [["/bin/kill", "{n}"], ["/bin/x", "{m}", "{n}"], ["/bin/x", "--by", "{m}", "{n}"]] {
            let error = #expect(throws: Refusal.self) { try Motion.filled(arguments, with: ["m": 1, "n": -9]) }
            #expect(error?.description.contains("would be an option") == true)
        }
    }

    @Test("settings that make no sense are refused")
    func settings() throws {
        #expect(throws: Refusal.self) { try MotorSettings(motions: [:]) }
        #expect(throws: Refusal.self) { try MotorSettings(motions: ["go": .run(["drive"])]) }
        #expect(throws: Refusal.self) { try MotorSettings(motions: ["go": .run([])]) }
        #expect(throws: Refusal.self) { try MotorSettings(motions: ["stop": .run(["/bin/true"])]) }
        #expect(throws: Refusal.self) { try MotorSettings(motions: ["go": .run(["/bin/true"])], parallel: 0) }
        #expect(throws: Refusal.self) { try MotorSettings(motions: ["go": .run(["/bin/true"])], timeout: 0) }
    }
}
