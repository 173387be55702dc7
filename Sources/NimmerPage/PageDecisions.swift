import NimmerBus
import NimmerInspection
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerScope
import NimmerWave

/// Answers about one opening or gate, and a person's decisions about it: asked of the thalamus, the bridge and long-term memory
/// (web.md, Decision).
package struct PageDecisions: Sendable {
    let model: PageModel
    /// Nil where a recording is shown.
    let bus: (any Bus)?
    let store: PostgresStore?

    package init(_ model: PageModel, bus: (any Bus)?, store: PostgresStore?) {
        self.model = model
        self.bus = bus
        self.store = store
    }

    // MARK: - Looking

    /// The card of an opening.
    ///
    /// - Parameter text: the id of the transition, collapse or request.
    /// - Throws: ``PageError`` where nothing is known of it.
    package func card(_ text: String) async throws(PageError) -> JSONObject {
        let story = try await story(text)
        let explanation = await explain(story.region?.text)
        var card = model.read { state, feed in PageCard(story, feed, state).json }
        let trust = Self.trust(of: story, explanation)
        card["points"] =
            waves(of: story, explanation)?.run(then: trust, opener: story.transition?.body.opener?.text).pointsJSON
            ?? .array([])
        card["trust"] = .object(forecast(trust, explanation, story).json)
        card["then"] = PageText.number(trust)
        if let opening = story.opening, let change = model.trustChange(of: opening),
            var outcome = card["outcome"]?.object
        {
            outcome["before"] = PageText.number(change.before)
            outcome["after"] = PageText.number(change.after)
            card["outcome"] = .object(outcome)
        }
        card["awaited"] = .bool(bus != nil && isAwaited(story, explanation))
        return card
    }

    /// Indicates whether an outcome would count: the thalamus states it of a gate's last opening; of one before, its refusal names why.
    private func isAwaited(_ story: PageStory, _ explanation: JSON?) -> Bool {
        guard story.outcome == nil, let opening = story.opening else { return false }
        guard explanation?["opening"]?["transition_id"]?.string == opening.text else { return true }
        return explanation?["opening"]?["awaited"]?.bool ?? true
    }

    /// The potential around an opening with another trust, by the gate itself.
    ///
    /// - Parameter trust: 0…1; nil: as it was.
    package func counterfactual(_ text: String, trust: Double?) async throws(PageError) -> JSONObject {
        if let trust, !(0...1).contains(trust) { throw PageError("trust must be 0 to 1; found \(trust)") }
        let story = try await story(text)
        let explanation = await explain(story.region?.text)
        guard let waves = waves(of: story, explanation) else {
            throw PageError(
                "its waves are no longer kept here", remedy: "`nimmer replay` computes it from a recording", status: 404
            )
        }
        let curve =
            trust.map { waves.run(trust: $0) }
            ?? waves.run(
                then: Self.trust(of: story, explanation), opener: story.transition?.body.opener?.text)
        var object = curve.json
        object["note"] = .string(
            explanation == nil ? "computed with default settings: the thalamus did not explain the gate" : "")
        return object
    }

    /// The waves around an opening, ready to be run; nil where they are not kept. What they are run for is computed outside of the model.
    private func waves(of story: PageStory, _ explanation: JSON?) -> PageCounterfactual? {
        guard let region = story.region?.text, let at = story.at else { return nil }
        return model.read { state, _ in PageCounterfactual(of: region, at: at, in: state, explanation: explanation) }
    }

    /// Explanation of a gate, from the thalamus.
    package func explanation(_ name: String) async throws(PageError) -> JSONObject {
        guard let region = try? Region(name) else {
            throw PageError("\(name.visible(limit: 60)) is no region")
        }
        let explanation = await explain(region.text, isNew: true)
        guard let explanation else {
            throw PageError(
                bus == nil
                    ? "a recording has no thalamus to ask"
                    : "the thalamus does not answer for \(region.text.visible(limit: 60))",
                remedy: bus == nil ? "" : "`nimmer status` shows whether it runs", status: 404)
        }
        return model.read { state, feed in GatePage(explanation, feed, state).json }
    }

    /// Asks the thalamus about one gate of which it was not asked yet: pages let potentials decay by its half-life.
    package func learnNext() async {
        guard let gate = model.unexplainedGate(at: .now()) else { return }
        _ = await explain(gate)
    }

    private func story(_ text: String) async throws(PageError) -> PageStory {
        guard let id = try? MessageID(text) else {
            throw PageError("\(text.visible(limit: 60)) is no id: expected a UUID")
        }
        if let story = model.read({ state, feed in state.pageStory(of: id, feed) }) { return story }
        guard let store else { throw PageError("nothing is kept under \(id)", status: 404) }
        let trail: MemoryTrail?
        do throws(MemoryError) { trail = try await store.trail(of: id) } catch {
            throw PageError("PostgreSQL cannot be asked: \(error.message)", status: 503)
        }
        guard let trail else { throw PageError("nothing is kept or remembered under \(id)", status: 404) }
        var story = PageStory()
        story.transition = trail.transition
        story.collapse = trail.collapse
        story.request = trail.request
        story.response = trail.response
        story.act = trail.act
        story.isRemembered = true
        if let opening = story.opening { story.outcome = try? await store.outcome(of: opening) }
        guard story.opening != nil else {
            throw PageError("\(id) belongs to no opening that is remembered", status: 404)
        }
        return story
    }

    /// The thalamus's explanation of a gate; the last one where it does not answer.
    private func explain(_ gate: String?, isNew: Bool = false) async -> JSON? {
        guard let gate else { return nil }
        let former = model.explanation(of: gate)
        guard let bus else { return former }
        // To who asks now, an old answer is not one.
        let known = isNew ? nil : former
        guard let answer = try? await bus.askThalamus(model.environment, "explain", ["gate": .string(gate)]).resolved
        else {
            return known
        }
        model.learn(gate, answer)
        return answer
    }

    private static func trust(of story: PageStory, _ explanation: JSON?) -> Double {
        story.transition.map { $0.body.trust ?? $0.body.weight } ?? explanation?["weight"]?.double ?? 0.1
    }

    /// Trust now, and what each outcome would lead to (trust.md, Learning; gates.md, Learning).
    private func forecast(_ then: Double, _ explanation: JSON?, _ story: PageStory) -> TrustForecast {
        TrustForecast(explanation, opener: story.transition?.body.opener?.text, fallback: then)
    }

    // MARK: - Acting

    /// Reports the outcome of an opening, or takes it back.
    ///
    /// - Returns: what became of it, in a sentence, and the trust before and after it.
    package func report(_ json: JSON, by user: String) async throws(PageError) -> JSONObject {
        guard let bus else {
            throw PageError("a recording is not verified: only openings that happen now are", status: 409)
        }
        guard let id = json["opening"]?.string.flatMap({ try? MessageID($0) }) else {
            throw PageError("opening must be the id of an opening")
        }
        let word = json["result"]?.string ?? ""
        let result = VerificationResult(rawValue: word)
        guard result != nil || word == "undo" else {
            throw PageError("result must be confirmed, partial, failed or undo; found \(word.visible(limit: 40))")
        }
        let note = json["note"]?.string ?? ""
        guard note.utf8.count <= 1024 else {
            throw PageError("a note must be at most 1024 bytes; found \(note.utf8.count)")
        }
        let story = try await story(id.text)
        guard let region = story.region else { throw PageError("the opening is not kept", status: 404) }
        if result != nil, let known = story.outcome, !known.isOpinion {
            throw PageError(
                "the outcome is known: \(known.result.rawValue), by \(known.sender)", remedy: "take it back first",
                status: 409)
        }
        let then = Self.trust(of: story, nil)
        let before = forecast(then, await explain(region.text, isNew: true), story).now
        do {
            let accepted = try await OutcomeReport(
                of: id, gate: story.transition?.body.gateID ?? GateID(region: region), domain: region.domain,
                result: result,
                reason: note.isEmpty ? "(\(user))" : "\(note) (\(user))"
            ).publish(on: bus, model.environment)
            // The gate's trust is another now.
            let after = await explain(region.text, isNew: true).map { forecast(then, $0, story).now }
            let witnesses = accepted.witnesses.map(\.text).joined(separator: ", ")
            if let after { model.keep(trustChange: (before, after), of: id) }
            let text =
                result == nil
                ? "taken back: \(accepted.result.rawValue)" : "\(accepted.result.rawValue), asserted by \(witnesses)"
            return [
                "text": .string(text), "before": PageText.number(before),
                "after": after.map { PageText.number($0) } ?? .null,
            ]
        } catch let failure as Failure {
            throw PageError(failure)
        } catch { throw PageError("it cannot be reported: \(error)", status: 503) }
    }

    /// Approves or refuses the commands of a decision that wait.
    package func decide(_ json: JSON, by user: String) async throws(PageError) -> String {
        guard let bus else { throw PageError("a recording's commands wait for no one", status: 409) }
        guard let id = json["decision"]?.string.flatMap({ try? MessageID($0) }) else {
            throw PageError("decision must be the id of a decision")
        }
        let verdict = json["verdict"]?.string ?? ""
        guard verdict == "approve" || verdict == "refuse" else {
            throw PageError("verdict must be approve or refuse; found \(verdict.visible(limit: 40))")
        }
        do {
            _ = try await bus.askBridge(model.environment, verdict, ["id": .string(id.text), "by": .string(user)])
            return verdict == "approve" ? "approved" : "refused"
        } catch let failure as Failure {
            throw PageError(failure)
        } catch { throw PageError("the bridge cannot be asked: \(error)", status: 503) }
    }
}
