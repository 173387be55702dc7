import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// A key was pressed. A key without a meaning here does nothing.
    mutating func press(_ key: Key) -> [ScopeEffect] {
        switch key {
        case .control("c"): return [.quit]
        case .control("z"): return [.suspend]
        case .control("l"): return [.redraw]
        case .mouse(let pointer): return point(pointer)
        default: break
        }
        if view.question != nil { return answer(key) }
        if view.edit != nil {
            type(key)
            return []
        }
        if view.isHelpShown {
            pressInHelp(key)
            return []
        }
        guard layout.isLargeEnough else { return key == .character("q") ? [.quit] : [] }
        switch key {
        case .character(let character): return press(character)
        case .left: scrub(-1)
        case .right: scrub(1)
        case .shiftLeft: scrub(-10)
        case .shiftRight: scrub(10)
        case .up: move(-1)
        case .down: move(1)
        case .shiftUp: move(-10)
        case .shiftDown: move(10)
        case .pageUp: page(-1)
        case .pageDown: page(1)
        case .home: toOldest()
        case .end: follow()
        case .tab: turnPane(1)
        case .backTab: turnPane(-1)
        case .enter: return inspect()
        case .escape: back()
        default: break
        }
        return []
    }

    private mutating func press(_ character: Character) -> [ScopeEffect] {
        switch character {
        case "q": return [.quit]
        case " ": if view.isLive { hold() } else { follow() }
        case "h": scrub(-1)
        case "l": scrub(1)
        case "H": scrub(-10)
        case "L": scrub(10)
        case "j": move(1)
        case "k": move(-1)
        case "J": move(10)
        case "K": move(-10)
        case "+", "=": zoom { $0.zoomIn() }
        case "-", "_": zoom { $0.zoomOut() }
        case "0": zoom { $0.reset() }
        case "x": mark()
        case "s": if settings.face == .tail { view.isSweep.toggle() }
        case "1", "2", "3", "4": Pane(rawValue: Int(String(character)) ?? 0).map { focus($0) }
        case "r": view.isRaw.toggle()
        case "o": sort(by: view.gateOrder.next)
        case "O": sort(by: view.gateOrder)
        case "t": view.theme = view.theme.next
        case "/": view.edit = .init(text: "", before: buffer.filter.text)
        case "m": raise(-1)
        case "M": raise(1)
        case "c": clear()
        case "y": verify(.confirmed)
        case "n": verify(.failed)
        case "u": verify(nil)
        case "?":
            view.isHelpShown = true
            view.helpScroll = 0
        case "w": return [isRecording ? .stopRecording : .startRecording]
        case "e": return [.export(export())]
        case "<": return play(0.5)
        case ">": return play(2)
        case "p": return playOn()
        default: break
        }
        return []
    }

    private mutating func pressInHelp(_ key: Key) {
        switch key {
        case .down, .character("j"): view.helpScroll = min(Self.helpLines, view.helpScroll + 1)
        case .up, .character("k"): view.helpScroll = max(0, view.helpScroll - 1)
        case .character("?"), .character("q"), .escape, .enter: view.isHelpShown = false
        default: break
        }
    }

    // MARK: - What is shown

    /// Typing a filter: what it does is seen while it is typed.
    private mutating func type(_ key: Key) {
        guard var edit = view.edit else { return }
        switch key {
        case .character(let character): edit.text.append(character)
        case .paste(let text): edit.text += text.prefix { !$0.isNewline }
        case .backspace:
            guard !edit.text.isEmpty else {
                view.edit = nil
                show(filter: edit.before)
                return
            }
            edit.text.removeLast()
        case .control("u"): edit.text = ""
        case .control("w"):
            while edit.text.last == " " { edit.text.removeLast() }
            while let last = edit.text.last, last != " " { edit.text.removeLast() }
        case .enter:
            view.edit = nil
            show(filter: edit.text)
            return
        case .escape:
            view.edit = nil
            show(filter: edit.before)
            return
        default: return
        }
        edit.text = String(edit.text.prefix(200))
        view.edit = edit
        show(filter: edit.text)
    }

    private mutating func show(filter: String) {
        guard filter != buffer.filter.text else { return }
        buffer.show(filter: filter, minimumConfidence: buffer.minimumConfidence)
        keepInSight()
    }

    private mutating func raise(_ steps: Int) {
        let step = Int(saturating: (buffer.minimumConfidence * 20).rounded()) + steps
        buffer.show(filter: buffer.filter.text, minimumConfidence: Double(min(20, max(0, step))) / 20)
        keepInSight()
    }

    private mutating func clear() {
        buffer.clear()
        stories = Stories()
        openings = Ring()
        view.inspected = nil
        view.marker = nil
        follow()
    }

    /// Plays a recording on that stands, or lets it stand.
    private mutating func playOn() -> [ScopeEffect] {
        guard case .recording = settings.source, playback.motion != .ended else { return [] }
        return [playback.motion == .stopped ? .play(speed: playback.speed) : .stopPlaying]
    }

    private mutating func play(_ factor: Double) -> [ScopeEffect] {
        guard case .recording = settings.source, playback.motion != .ended else { return [] }
        let speed = min(64, max(0.125, playback.speed * factor))
        playback.speed = speed
        return [.play(speed: speed)]
    }
}
