import NimmerOutput
import NimmerWave

/// Environment that this command works in: NIMMERVERSE_ENV, or dev.
///
/// - Throws: ``Failure`` with the list of valid names when it is not among them.
func chosenEnvironment() throws(Failure) -> Environment {
    do throws(Refusal) {
        return try Environment.current()
    } catch {
        throw Failure(
            .usage, error.description,
            remedy: "export NIMMERVERSE_ENV=dev (or staging, or prod), or unset it for dev")
    }
}
