import NimmerScope
import NimmerWave
import Testing

@testable import NimmerPage

/// A whole server over a recording, asked as a browser asks it.
@Suite struct PageServerTests {
    private static let recording =
        #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/docs/wave-tail/minute.ndjson"

    /// A server that has played the recording up to a moment, and a browser that has got in.
    private struct Stage {
        let server: PageServer
        let playback: RecordingPlayback
        let cookie: String

        init(at moment: String? = "45s", role: PageRole = .observer) async throws {
            let settings = ScopeSettings(source: .recording("minute.ndjson"))
            playback = try RecordingPlayback(PageServerTests.recording, settings, speed: 1, at: moment)
            let playing = Task { [playback] in try await playback.run() }
            while playback.isMoving { await Task.yield() }
            playing.cancel()
            let address = ListenAddress(host: "127.0.0.1", port: 8080)
            server = PageServer(
                PageSettings(), listening: address, model: playback.model,
                decisions: PageDecisions(playback.model, bus: nil, store: nil),
                history: History(playback.model, settings, bus: nil, store: nil))
            let link = try server.link(role)
            let answer = await server.answer(
                PageRequest(
                    method: "GET", path: "/enter", query: ["key": String(link.dropFirst("/enter?key=".count))],
                    headers: ["host": "127.0.0.1:8080"]))
            guard case .response(let response) = answer,
                let cookie = response.headers.first(where: { $0.name == "Set-Cookie" })?.value.split(separator: ";")
                    .first
            else { throw PageError("no cookie") }
            self.cookie = String(cookie)
        }

        func get(_ path: String, _ query: [String: String] = [:], headers: [String: String] = [:]) async -> (
            Int, JSON, PageResponse?
        ) {
            var all = headers
            all["host"] = all["host"] ?? "127.0.0.1:8080"
            all["cookie"] = all["cookie"] ?? cookie
            let answer = await server.answer(PageRequest(method: "GET", path: path, query: query, headers: all))
            guard case .response(let response) = answer else { return (101, .null, nil) }
            return (response.status, (try? JSON(parsing: response.body)) ?? .null, response)
        }

        func post(_ path: String, _ body: JSON, headers: [String: String] = [:]) async -> (Int, JSON) {
            var all = [
                "host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080", "cookie": cookie,
                "content-type": "application/json",
            ]
            all.merge(headers) { $1 }
            let answer = await server.answer(PageRequest(method: "POST", path: path, headers: all, body: body.bytes))
            guard case .response(let response) = answer else { return (101, .null) }
            return (response.status, (try? JSON(parsing: response.body)) ?? .null)
        }

        /// The session of its cookie.
        var session: Sessions.Session? {
            var access = server.currentAccess
            return access.sessions.session(String(cookie.split(separator: "=")[1]), at: .now())
        }

        /// The id of the newest opening.
        var opening: String? {
            playback.model.read { state, feed in feed.snapshot(of: state)["openings"]?.array?.last?["id"]?.string }
        }
    }

    @Test func thePageIsForThoseWhoGotIn() async throws {
        let stage = try await Stage()
        let (status, _, response) = await stage.get("/")
        #expect(status == 200)
        let headers = Dictionary(response?.headers.map { ($0.name, $0.value) } ?? []) { first, _ in first }
        #expect(headers["Content-Security-Policy"]?.contains("default-src 'none'") == true)
        #expect(headers["Content-Security-Policy"]?.contains("unsafe") == false)
        #expect(headers["X-Content-Type-Options"] == "nosniff")
        let (without, _, entrance) = await stage.get("/", headers: ["cookie": ""])
        #expect(without == 401)
        #expect(entrance?.headers.contains { $0.name == "Content-Security-Policy" } == true)
        for path in ["/history", "/decision/x", "/gate/math", "/feed"] {
            let (status, json, _) = await stage.get(path, headers: ["cookie": "nimmer_session_8080=guess"])
            #expect(status == 401, "\(path)")
            #expect(json["error"]?.string != nil)
        }
    }

    @Test func aMomentGoesThroughTheEntrance() async throws {
        let stage = try await Stage()
        let query = ["at": "2026-02-14T18:30:52Z\"<b>", "other": "1"]
        let (status, _, entrance) = await stage.get("/", query, headers: ["cookie": ""])
        #expect(status == 401)
        #expect(entrance?.headers.contains { $0.name == "Refresh" } == false)
        let text = String(decoding: entrance?.body ?? [], as: UTF8.self)
        #expect(!text.contains("<b>") && !text.contains("{{"))
        // A browser sends no cookie with a link of another site: the page asks again by itself, once.
        let cross = ["cookie": "", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"]
        let (_, _, again) = await stage.get("/", query, headers: cross)
        let refresh = again?.headers.first { $0.name == "Refresh" }?.value
        #expect(refresh == "0; url=/?at=2026-02-14T18:30:52Z%22%3cb%3e")
    }

    @Test func aDecisionIsExplainedAndComputedAnew() async throws {
        let stage = try await Stage()
        let id = try #require(stage.opening)
        let (status, card, _) = await stage.get("/decision/\(id)")
        #expect(status == 200)
        #expect(card["title"]?.string == "math opened")
        #expect(card["witnesses"]?.array?.count == 2)
        #expect(card["points"]?.array?.isEmpty == false)
        #expect(card["awaited"]?.bool == false)
        let (then, curve, _) = await stage.get("/what-if/\(id)", ["trust": "0.9"])
        #expect(then == 200)
        #expect(curve["trust"]?.double == 0.9)
        #expect(curve["opens"]?.bool == true)
        let (wrong, error, _) = await stage.get("/what-if/\(id)", ["trust": "7"])
        #expect(wrong == 400)
        #expect(error["error"]?.string?.contains("7") == true)
    }

    @Test func aCommandBelongsToItsDecision() async throws {
        let stage = try await Stage(at: "52s")
        let marks = stage.playback.model.read { state, feed in feed.snapshot(of: state)["marks"]?.array ?? [] }
        let command = try #require(marks.last { $0["k"]?.string == "command" })
        let result = try #require(marks.last { $0["k"]?.string == "result" })
        #expect(result["id"] == command["id"])
        #expect(result["took"]?.double == 1797)
        let open = try #require(command["open"]?.string)
        #expect(result["open"]?.string == open)
        #expect(command["g"]?.int != nil)
        let (status, card, _) = await stage.get("/decision/\(open)")
        #expect(status == 200)
        #expect(card["gate"] == command["g"])
        let done = try #require(card["commands"]?.array?.first)
        #expect(done["state"]?.string == "ok")
        #expect(done["result"]?.string?.contains("1.7") == true)
        // At rest the slider is at the trust of then.
        #expect(card["then"]?.double != nil)
    }

    @Test func aJumpContinuesAsItWasAskedLast() async throws {
        let stage = try await Stage()
        let playback = stage.playback
        let start = 1_771_093_800_000.0
        func now() -> Double {
            playback.model.read { state, feed in feed.snapshot(of: state)["now"]?.double ?? 0 }
        }
        let boot = playback.model.boot
        playback.take(.seek(start + 10_000))
        playback.take(.play(speed: 1000))
        let playing = Task { try await playback.run() }
        while playback.model.boot == boot || now() < start + 59_000 { await Task.yield() }
        // Ended: a jump back stays there, whatever it did before.
        playback.take(.seek(start + 20_000))
        playback.take(.stop)
        while now() > start + 30_000 { await Task.yield() }
        for _ in 0..<200 { await Task.yield() }
        #expect(!playback.isMoving)
        #expect(abs(now() - start - 20_000) < 1)
        playing.cancel()
    }

    @Test func placesHaveKeysOfTheirOwn() async throws {
        let stage = try await Stage(at: "52s")
        let snapshot = stage.playback.model.read { state, feed in feed.snapshot(of: state) }
        for kind in ["cells", "gates"] {
            let keys = (snapshot[kind]?.array ?? []).compactMap { $0["key"]?.string }
            #expect(keys.count == snapshot[kind]?.array?.count)
            #expect(Set(keys).count == keys.count)
        }
    }

    @Test func aHistoryIsOfTheStretchThatIsAskedFor() async throws {
        let stage = try await Stage()
        let start = 1_771_093_800_000.0
        let (status, history, _) = await stage.get(
            "/history", ["from": "\(start)", "to": "\(start + 30_000)", "columns": "30"])
        #expect(status == 200)
        #expect(history["cells"]?.array?.count == 6)
        #expect(history["marks"]?.array?.isEmpty == false)
        #expect(history["source"]?.string == "buffer")
        for query in [
            ["from": "1", "to": "0"], ["from": "a", "to": "b"], [:], ["from": "0", "to": "1e13"],
            ["from": "0", "to": "10", "columns": "100000"], ["from": "nan", "to": "inf"],
            ["from": "99999999990000", "to": "99999999999000"], ["from": "-1e14", "to": "-9.9e13"],
            ["from": "-9223372036854", "to": "9223372036854"],
        ] {
            let (status, json, _) = await stage.get("/history", query)
            #expect(status == 400, "\(query)")
            #expect(json["error"]?.string?.isEmpty == false)
        }
    }

    @Test(arguments: [
        "/decision/", "/decision/x", "/decision/../../etc/passwd", "/nothing", "/assets/../index.html",
        "/assets/none.js", "/gate/...",
    ])
    func whatIsNotThereIsRefused(path: String) async throws {
        let (status, _, _) = await (try Stage()).get(path)
        #expect([400, 404].contains(status))
    }

    @Test func nobodyActsOnARecordingNorAsAnObserver() async throws {
        let observer = try await Stage()
        let body: JSON = ["opening": .string(observer.opening ?? ""), "result": .string("confirmed")]
        let (status, json) = await observer.post("/outcome", body)
        #expect(status == 403)
        #expect(json["error"]?.string?.contains("observer") == true)
        let (foreign, _) = await observer.post("/outcome", body, headers: ["origin": "http://evil.example"])
        #expect(foreign == 403)
        let op = try await Stage(role: .operator)
        let csrf = try #require(JSON(parsing: unpacked(op)).csrf)
        let (refused, why) = await op.post("/outcome", body, headers: ["x-csrf-token": csrf])
        #expect(refused == 409)
        #expect(why["error"]?.string?.contains("recording") == true)
        let (method, _) = await op.post("/history", body, headers: ["x-csrf-token": csrf])
        #expect(method == 404)
    }

    /// The snapshot of a new tab; the first message is packed, so it is asked of the model.
    private func unpacked(_ stage: Stage) throws -> [UInt8] {
        let session = try #require(stage.session)
        return JSON.object(["csrf": .string(session.csrf)]).bytes
    }

    @Test func largeAnswersArePackedForWhoTakesThem() async throws {
        let stage = try await Stage()
        let (_, _, plain) = await stage.get("/")
        let (_, _, packed) = await stage.get("/", headers: ["accept-encoding": "br, gzip"])
        let (_, _, refused) = await stage.get("/", headers: ["accept-encoding": "gzip;q=0"])
        #expect(packed?.headers.contains { $0.name == "Content-Encoding" && $0.value == "gzip" } == true)
        #expect(packed?.body.prefix(2) == [0x1f, 0x8b])
        #expect((packed?.body.count ?? 0) < (plain?.body.count ?? 0))
        #expect(refused?.body == plain?.body)
    }

    @Test func aTabBeginsWithASnapshotAndGoesOnWhereItWas() async throws {
        let stage = try await Stage(at: "20s")
        let session = try #require(stage.session)
        let tab = try stage.playback.model.openTab(after: nil)
        let first = await tab.next { session }
        guard case .binary(let packed)? = first else {
            Issue.record("no snapshot")
            return
        }
        #expect(packed.first == 3)
        stage.playback.model.append("health", ["now": .number(1)])
        guard case .text(let frame)? = await tab.next({ session }), let json = try? JSON(parsing: frame) else {
            Issue.record("no frame")
            return
        }
        #expect(json["k"]?.string == "health")
        // Another connection goes on after it.
        let boot = stage.playback.model.boot
        let seq = try #require(json["seq"]?.int)
        stage.playback.model.append("health", ["now": .number(2)])
        let again = try stage.playback.model.openTab(after: "\(boot).\(seq)")
        guard case .text(let next)? = await again.next({ session }) else {
            Issue.record("it was not taken up")
            return
        }
        #expect(try JSON(parsing: next)["now"]?.double == 2)
        // Of another start all is sent.
        let other = try stage.playback.model.openTab(after: "00000000.\(seq)")
        guard case .binary? = await other.next({ session }) else {
            Issue.record("expected a snapshot")
            return
        }
        // A tab ends with its session.
        #expect(await tab.next({ nil }) == .close(code: Tab.ended, reason: "the session has ended"))
        tab.close()
        again.close()
        other.close()
        #expect(stage.playback.model.tabs == 0)
    }

    @Test(arguments: [
        "", "{", "[]", "{\"ack\":-1}", "{\"play\":0}", "{\"play\":1e99}", "{\"seek\":1e99}", "{\"other\":1}",
    ])
    func whatIsNoReportOfATabIsRefused(text: String) async throws {
        let stage = try await Stage(at: "1s")
        let tab = try stage.playback.model.openTab(after: nil)
        defer { tab.close() }
        #expect(throws: PageError.self) { try tab.take(Array(text.utf8)) }
    }

    @Test func tabsAreBounded() async throws {
        let stage = try await Stage(at: "1s")
        var tabs: [Tab] = []
        for _ in 0..<PageModel.maximumTabs { tabs.append(try stage.playback.model.openTab(after: nil)) }
        #expect(throws: PageError.self) { try stage.playback.model.openTab(after: nil) }
        for tab in tabs { tab.close() }
    }
}

extension JSON {
    fileprivate var csrf: String? { self["csrf"]?.string }
}
