import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

@Suite struct ExportTests {
    private func export(_ press: (inout Stage) -> Void = { _ in }) throws -> (ScopeExport, Stage) {
        var stage = Stage(try GoldenScreenTests.plant.get(), seconds: 79)
        press(&stage)
        guard case .export(let export)? = stage.press(.character("e")).first else { throw ScopeFailure("no export") }
        return (export, stage)
    }

    @Test func csvHoldsTheWindowsMessages() throws {
        let (export, stage) = try export()
        let rows = String(decoding: export.csv, as: UTF8.self).split(separator: "\r\n")
        #expect(rows.first == "arrived,kind,subject,region,origin,value,garden,message")
        let buffer = stage.scope.buffer
        let window = stage.scope.window(stage.scope.layout, stage.now.nanoseconds)
        let inWindow = buffer.shown.numbers.map { buffer.entries[buffer.shown[$0]] }.filter { $0.at >= window.start }
        #expect(rows.count == inWindow.count + 1)
        let pump = try #require(rows.first { $0.contains("wave,dev.nervous.cells.pump.wave,plant.pump,pressure,") })
        // The message is whole: its quotes doubled, in quotes.
        let quoted = try #require(pump.split(separator: ",real,", maxSplits: 1).last)
        let message = quoted.dropFirst().dropLast().split(separator: "\"\"", omittingEmptySubsequences: false).joined(
            separator: "\"")
        let decoded = try Envelope<WaveSignal>(decoding: Array(message.utf8))
        #expect(decoded.body.effectiveRegion.text == "plant.pump")
        #expect(rows.contains { $0.contains(",collapse,dev.nervous.thalamus.collapse,plant.pump,,") })
    }

    @Test func csvFollowsTheFilterAndTheHold() throws {
        let (export, _) = try export { stage in
            stage.type("/thalamus.collapse")
            stage.press(.enter)
            stage.press(.character(" "))
        }
        let rows = String(decoding: export.csv, as: UTF8.self).split(separator: "\r\n").dropFirst()
        #expect(rows.count == 3 && rows.allSatisfy { $0.contains(",collapse,") })
    }

    @Test func svgIsWellFormedAndSaysWhatTheScreenSays() throws {
        let (export, _) = try export()
        let text = String(decoding: export.svg, as: UTF8.self)
        #expect(text.hasPrefix("<svg xmlns=") && text.hasSuffix("</svg>\n"))
        for part in [
            "prefers-color-scheme:dark", "class=\"band\"", "class=\"collapse\"", "class=\"request\"", "dotted",
            "dashed",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        for lane in ["math", "plant.pump", "vision", "vitals", "bridge", "speech"] {
            #expect(text.contains(">\(lane)</text>"))
        }
        // Every element is closed: each "<" opens an element that ends in "/>", or is closed by name.
        var open: [String] = []
        for piece in text.split(separator: "<").filter({ !$0.isEmpty }) {
            let tag = piece.prefix { $0 != ">" }
            if tag.hasPrefix("/") {
                #expect(open.popLast() == String(tag.dropFirst()))
            } else if !tag.hasSuffix("/") {
                open.append(String(tag.prefix { $0 != " " && $0 != "\n" }))
            }
        }
        #expect(open.isEmpty)
    }

    @Test func aDrawingOfNothing() {
        let text = String(decoding: ScopeState(ScopeSettings()).plot(), as: UTF8.self)
        #expect(text.contains("Nothing arrived"))
    }
}
