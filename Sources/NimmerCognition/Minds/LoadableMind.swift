/// Contract of a mind whose server loads and unloads its model, as an organ has it; NimmerCognitionHTTP has one for each kind.
///
/// Its calls return or throw by their deadline, as ``MindServer/ask(_:deadline:)`` does.
public protocol LoadableMind: MindServer {
    /// Has the server load the model and keep it; for servers that always have it, waits until they answer.
    func load(deadline: ContinuousClock.Instant) async throws(MindError)

    /// Has the server unload the model; servers that always have it keep it.
    func unload(deadline: ContinuousClock.Instant) async throws(MindError)

    /// The vectors of texts, in their order: as many as texts, all of one length.
    func embed(_ texts: [String], deadline: ContinuousClock.Instant) async throws(MindError) -> [[Double]]

    /// Closes its connections; questions that are under way fail.
    func close() async
}
