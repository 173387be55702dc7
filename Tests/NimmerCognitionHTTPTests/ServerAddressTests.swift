import Testing

@testable import NimmerCognitionHTTP

@Suite("The address of a mind's server")
struct ServerAddressTests {
    @Test(
        "may have a path, whose end is not repeated",
        arguments: [
            ("http://host:8080", "http://host:8080/v1/models"), ("http://host:8080/", "http://host:8080/v1/models"),
            ("http://host/v1", "http://host/v1/models"), ("http://host/v1/", "http://host/v1/models"),
            ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1/models"),
            ("http://host/v1/chat/completions", "http://host/v1/models"),
            ("http://host/gateway", "http://host/gateway/v1/models"),
            ("https://host/v1beta/openai", "https://host/v1beta/openai/models"),
            ("https://host/api/paas/v4", "https://host/api/paas/v4/models"),
            ("http://vllm", "http://vllm/v1/models"), ("http://v1:80", "http://v1:80/v1/models"),
        ])
    func openAI(_ address: String, _ url: String) {
        #expect(ServerAddress(address).url("/v1/models") == url)
    }

    @Test(
        "of ollama's protocol likewise",
        arguments: [
            ("http://host:11434", "http://host:11434/api/chat"), ("http://host/api", "http://host/api/chat"),
            ("http://host/api/chat", "http://host/api/chat"), ("http://host:11434/v1", "http://host:11434/api/chat"),
            ("http://host/ollama/", "http://host/ollama/api/chat"),
            ("http://host/ollama/api/", "http://host/ollama/api/chat"),
        ])
    func ollama(_ address: String, _ url: String) {
        #expect(ServerAddress(address).url("/api/chat") == url)
    }
}
