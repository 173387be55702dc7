import NimmerOutput
import NimmerReplay
import NimmerScope
import NimmerWave
import Testing

@testable import NimmerScopeSession

/// What the loop of the screen decides by: time, batches, recordings.
@Suite struct ScopeLoopTests {
    private static let start = Timestamp(nanoseconds: 1_771_093_800_000_000_000)

    private static func lines(_ offsets: [Double]) -> [UInt8] {
        Array(
            offsets.map { offset in
                #"{"at":"\#(start.advanced(milliseconds: offset).rfc3339)","subject":"dev.a","message":{"n":\#(offset)}}"#
                    + "\n"
            }.joined().utf8)
    }

    private static func player(_ offsets: [Double], speed: Double) throws -> Player {
        try Player(RecordingReader("r", bytes: lines(offsets)), speed: speed)
    }

    @Test func aRecordingIsPlayedAtItsSpeed() throws {
        var player = try Self.player([0, 100, 200, 1000], speed: 2)
        #expect(try player.advance(milliseconds: 0).count == 1)
        #expect(player.millisecondsUntilNext == 50)
        #expect(try player.advance(milliseconds: 49).isEmpty)
        #expect(
            try player.advance(milliseconds: 51).map(\.at) == [100, 200].map { Self.start.advanced(milliseconds: $0) })
        #expect(player.now == Self.start.advanced(milliseconds: 200))
        player.stop()
        #expect(player.motion == .stopped)
        #expect(try player.advance(milliseconds: 1e9).isEmpty)
        #expect(player.millisecondsUntilNext == nil)
        player.play(speed: 1e12)
        #expect(try player.advance(milliseconds: 1).count == 1)
        #expect(player.motion == .ended)
        #expect(player.now == Self.start.advanced(milliseconds: 1000))
    }

    @Test func aRecordingIsPlayedUpToAMomentAtOnce() throws {
        var player = try Player(
            RecordingReader("r", bytes: Self.lines([0, 100, 200, 1000])), speed: 1,
            until: Self.start.advanced(milliseconds: 500))
        #expect(player.motion == .playing && player.millisecondsUntilNext == 0)
        #expect(try player.advance(milliseconds: 0, limit: 2).count == 2)
        #expect(player.motion == .playing, "the rest comes next")
        #expect(try player.advance(milliseconds: 0).count == 1)
        #expect(player.motion == .stopped && player.millisecondsUntilNext == nil)
        #expect(player.now == Self.start.advanced(milliseconds: 500))
        #expect(try player.advance(milliseconds: 1e9).isEmpty)
        player.play(speed: 2)
        #expect(player.millisecondsUntilNext == 250)
        #expect(try player.advance(milliseconds: 250).count == 1)
        #expect(player.motion == .ended && player.now == Self.start.advanced(milliseconds: 1000))
        var beyond = try Player(
            RecordingReader("r", bytes: Self.lines([0, 100])), speed: 1, until: Self.start.advanced(milliseconds: 5000))
        #expect(try beyond.advance(milliseconds: 0).count == 2)
        #expect(beyond.motion == .ended && beyond.now == Self.start.advanced(milliseconds: 100))
    }

    /// The recording begins at 18:30:00 UTC; clocks are this machine's.
    @Test func aMomentIsNamedInThreeWays() throws {
        let recording = try RecordingReader("r", bytes: Self.lines([400, 90_000]))
        func milliseconds(_ text: String) throws -> Double {
            try RecordedMoment.moment(text, of: recording).milliseconds(since: Self.start)
        }
        #expect(try milliseconds("90s") == 90_400)
        #expect(try milliseconds("2026-02-14T18:31:00Z") == 60_000)
        let clock = LocalTime.clock(Self.start.advanced(milliseconds: 61_500))
        #expect(try milliseconds(clock) == 61_500)
        #expect(try milliseconds(String(clock.prefix(8))) == 61_000)
        #expect(try milliseconds(String(clock.prefix(5))) == 60_000)
        // It begins within this second: the moment is its start.
        #expect(try milliseconds(String(LocalTime.clock(Self.start).prefix(8))) == 400)
        for wrong in ["", "x", "25:00", "1:2:3:4", "-3s", "12", "12:61", "12:00:nan"] {
            #expect(throws: Failure.self, "\(wrong)") { _ = try milliseconds(wrong) }
        }
        let failure = #expect(throws: Failure.self) { _ = try milliseconds("2026-02-14T18:29:00Z") }
        #expect(failure?.message.text.contains("before the recording") == true)
    }

    @Test func aFastRecordingComesInPieces() throws {
        var player = try Self.player((0..<10).map { Double($0) }, speed: 1e12)
        let pieces = try (0..<4).map { _ in try player.advance(milliseconds: 1, limit: 4).count }
        #expect(pieces == [4, 4, 2, 0])
        #expect(player.motion == .ended)
    }

    @Test func timesThatGoBackCountAsTheOneBefore() throws {
        var reader = try RecordingReader("r", bytes: Self.lines([0, 50, 20]))
        var found: [Timestamp] = []
        while let message = try reader.next() { found.append(message.at) }
        #expect(found == [0, 50, 50].map { Self.start.advanced(milliseconds: $0) })
    }

    @Test func aLineThatIsNoMessageIsNamed() throws {
        let bytes = Self.lines([0]) + Array("\n{\"at\": 3}\n".utf8)
        var reader = try RecordingReader("r.ndjson", bytes: bytes)
        _ = try reader.next()
        let failure = #expect(throws: Failure.self) { _ = try reader.next() }
        #expect(
            failure?.message.text.hasPrefix("r.ndjson:3: found a line without subject and message; expected") == true)
        #expect(throws: Failure.self) { _ = try RecordingReader("r", bytes: []) }
    }

    @Test(arguments: [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("0.5m", 30)])
    func sinceNamesAMoment(text: String, seconds: Double) throws {
        #expect(try SinceOption.moment(text, now: Self.start) == Self.start.advanced(milliseconds: -seconds * 1000))
        #expect(try SinceOption.moment(Self.start.rfc3339, now: .now()) == Self.start)
    }

    @Test(arguments: ["", "m", "10", "-3m", "10y", "0s", "1e9d", "nanm"]) func sinceRefusesAnythingElse(text: String) {
        #expect(throws: Failure.self) { _ = try SinceOption.moment(text, now: Self.start) }
    }

    @Test func framesWaitForWhatTheyCost() {
        var pacing = FramePacing()
        let moment = ContinuousClock.now
        #expect(pacing.isDue(at: moment))
        pacing.drew(at: moment, drawing: .milliseconds(1), writing: .milliseconds(1))
        #expect(pacing.next == moment + FramePacing.shortest)
        for _ in 0..<30 { pacing.drew(at: moment, drawing: .milliseconds(5), writing: .milliseconds(9)) }
        #expect(!pacing.isDue(at: moment + .milliseconds(79)))
        #expect(pacing.isDue(at: moment + .milliseconds(81)))
        for _ in 0..<30 { pacing.drew(at: moment, drawing: .milliseconds(1), writing: .milliseconds(60)) }
        #expect(!pacing.isDue(at: moment + .milliseconds(119)))
        #expect(pacing.isDue(at: moment + .milliseconds(121)))
        for _ in 0..<30 { pacing.drew(at: moment, drawing: .seconds(9), writing: .zero) }
        #expect(pacing.next == moment + FramePacing.longest)
    }

    @Test func aMailboxLosesOnlyMessagesAndCountsThem() throws {
        let mailbox = try Mailbox()
        for index in 0..<Mailbox.capacity + 5 {
            mailbox.post(subject: "dev.a", payload: [], arrival: Timestamp(nanoseconds: Int64(index)))
        }
        mailbox.post(.notice("still", at: Self.start))
        #expect(mailbox.isCrowded)
        let batch = mailbox.take()
        #expect(batch.events.count == Mailbox.capacity + 1)
        #expect(batch.lost == 5)
        #expect(!mailbox.isCrowded)
        #expect(mailbox.take().events.isEmpty)
    }

    @Test func whatIsHeardWhileThePastIsReadComesAfterIt() throws {
        let mailbox = try Mailbox()
        mailbox.hold()
        mailbox.post(subject: "new", payload: [1], arrival: Self.start)
        mailbox.post(subject: "both", payload: [2], arrival: Self.start)
        mailbox.postPast(subject: "old", payload: [3], arrival: Self.start)
        mailbox.postPast(subject: "both", payload: [2], arrival: Self.start)
        mailbox.release(except: [[2], [3]])
        mailbox.post(subject: "newer", payload: [4], arrival: Self.start)
        let subjects = mailbox.take().events.map { event in
            if case .message(let subject, _, _) = event { subject } else { "?" }
        }
        #expect(subjects == ["old", "both", "new", "newer"])
    }
}
