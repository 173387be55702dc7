import Glibc

/// What libFuzzer calls: the target that NIMMER_FUZZ_TARGET names gets each input.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    guard chosen != nil else {
        print("NIMMER_FUZZ_TARGET: expected one of \(targets.map(\.name).joined(separator: " "))")
        exit(64)
    }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
func test(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    chosen?(UnsafeRawBufferPointer(start: data, count: size))
    return 0
}

/// Everything that is read from outside, by the name of its corpus.
let targets: [(name: String, run: @Sendable (UnsafeRawBufferPointer) -> Void)] = [
    ("wave", { wave($0) }), ("message", { message(Array($0)) }), ("json", { json(Array($0)) }),
    ("system", { systemFile(Array($0)) }), ("http", { http(Array($0)) }), ("answer", { answer(Array($0)) }),
    ("schema", { schema(Array($0)) }), ("keys", { keys(Array($0)) }), ("subject", { subject(Array($0)) }),
    ("server", { server(Array($0)) }), ("text", { text(Array($0)) }), ("journal", { journal(Array($0)) }),
    ("meaning", { meaning(Array($0)) }), ("artifact", { artifact(Array($0)) }),
]

private let chosen = getenv("NIMMER_FUZZ_TARGET").flatMap { word in
    targets.first { $0.name == String(cString: word) }?.run
}

/// Ends the process, with the input as a finding, where something does not hold.
@inline(__always)
func hold(_ isTrue: @autoclosure () -> Bool, _ what: @autoclosure () -> String) {
    if isTrue() { return }
    print("FINDING: \(what())")
    fflush(nil)
    abort()
}
