import NimmerCognition
import NimmerSystem
import NimmerWave
import Testing

@testable import NimmerCognitionHTTP

/// Pictures of a question as each protocol writes them (spec/artifacts.md, Minds that see).
@Suite("Questions with pictures") struct ImageQuestionTests {
    private func question(_ images: [MindImage]) -> MindQuestion {
        var question = MindQuestion(
            requestID: MessageID(high: 0, low: 1), system: "You decide.", user: "Look.", schema: nil)
        question.images = images
        return question
    }

    private func messages(_ dialect: any Dialect, _ images: [MindImage]) -> [JSON] {
        dialect.body(question(images))["messages"]?.array ?? []
    }

    private let images = [MindImage(type: "image/png", bytes: [1, 2, 3]), MindImage(type: "image/jpeg", bytes: [255])]

    @Test("ollama: base64 beside the text") func ollama() {
        let dialect = OllamaDialect(settings: MindSettings(name: "m", kind: .ollama, url: "http://a", model: "m"))
        let user = messages(dialect, images).last
        #expect(user?["content"] == "Look." && user?["images"] == ["AQID", "/w=="])
        #expect(messages(dialect, []).last?["images"] == nil)
    }

    @Test("OpenAI: data URIs as parts") func openai() {
        let dialect = OpenAIDialect(settings: MindSettings(name: "m", kind: .openai, url: "http://a", model: "m"))
        let parts = messages(dialect, images).last?["content"]?.array ?? []
        #expect(parts.count == 3 && parts.first?["text"] == "Look." && parts.first?["type"] == "text")
        #expect(parts.dropFirst().allSatisfy { $0["type"] == "image_url" })
        #expect(parts[1]["image_url"]?["url"] == "data:image/png;base64,AQID")
        #expect(parts[2]["image_url"]?["url"] == "data:image/jpeg;base64,/w==")
        #expect(messages(dialect, []).last?["content"] == "Look.")
    }
}
