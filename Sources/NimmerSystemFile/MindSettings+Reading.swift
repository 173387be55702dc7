import NimmerSystem
import NimmerWave

extension MindSettings {
    init(_ node: YAMLNode, file: String) throws(SystemError) {
        var keys = try MappingReader(node, place: "a mind", file: file)
        let name = try keys.required("name", try keys.token("name"))
        guard name != "bridge" else {
            throw keys.refusal("name", expected: "name: another word; 'bridge' is the bridge's own")
        }
        let url = try keys.required("url", try keys.address("url", mayHavePath: true))
        self.init(
            name: name, kind: try keys.required("kind", try keys.choice("kind", of: Kind.self)), url: url,
            model: try keys.required("model", try keys.text("model")))
        mark = node.mark
        keyFile = try keys.text("key_file")
        keyVariable = try keys.text("key_variable")
        timeoutMS = try keys.integer("timeout_ms", in: 1...3_600_000, unit: "milliseconds") ?? timeoutMS
        loadTimeoutMS =
            try keys.integer("load_timeout_ms", in: 1...3_600_000, unit: "milliseconds") ?? loadTimeoutMS
        maxConcurrent = try keys.integer("max_concurrent", in: 1...1024) ?? maxConcurrent
        maxTokens = try keys.integer("max_tokens", in: 16...32_768) ?? maxTokens
        temperature = try keys.number("temperature", in: 0...2) ?? temperature
        promptBytes = try keys.integer("prompt_bytes", in: 2_048...1_048_576, unit: "bytes") ?? promptBytes
        sees = try keys.boolean("sees") ?? sees
        imageBytes = try keys.integer("image_bytes", in: 1_024...67_108_864, unit: "bytes") ?? imageBytes
        sureFrom = try keys.number("sure_from", in: 0...1) ?? sureFrom
        keepAliveSeconds = try keys.integer("keep_alive_s", in: 0...604_800, unit: "seconds")
        if let node = keys.node("budget") { budget = try BudgetSettings(node, place: "budget", file: file) }
        lfPerThousandTokens = try keys.number("lf_per_1000_tokens", in: 0...1e9) ?? lfPerThousandTokens
        lfPerSecond = try keys.number("lf_per_second", in: 0...1e9) ?? lfPerSecond
        if let node = keys.node("breaker") {
            var breaker = try MappingReader(node, place: "breaker", file: file)
            breakerFailures = try breaker.integer("failures", in: 1...1000) ?? breakerFailures
            breakerPauseMS = try breaker.integer("pause_ms", in: 1...86_400_000, unit: "milliseconds") ?? breakerPauseMS
            try breaker.finish()
        }
        if let node = keys.node("tls") {
            var tls = try MappingReader(node, place: "tls", file: file)
            tlsCA = try tls.text("ca")
            tlsCertificate = try tls.text("certificate")
            tlsKey = try tls.text("key")
            try tls.finish()
        }
        proxy = try keys.address("proxy")
        try keys.finish()
    }
}

extension BudgetSettings {
    init(_ node: YAMLNode, place: String, file: String) throws(SystemError) {
        self.init()
        var keys = try MappingReader(node, place: place, file: file)
        lfPerMinute = try keys.number("lf_per_minute", in: 0...1e15, unit: "lifeforce")
        lfPerDay = try keys.number("lf_per_day", in: 0...1e15, unit: "lifeforce")
        tokensPerMinute = try keys.integer("tokens_per_minute", in: 0...1_000_000_000_000)
        tokensPerDay = try keys.integer("tokens_per_day", in: 0...1_000_000_000_000)
        try keys.finish()
    }
}
