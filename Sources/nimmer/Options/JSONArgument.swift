import NimmerOutput
import NimmerWave

/// Reads an argument that has to be a JSON object.
///
/// - Parameters:
///   - what: name of the argument, for people.
///   - example: remedy that shows one.
/// - Throws: ``Failure`` (usage) with the reason why it cannot be read, such as the limit of nesting, or with what was found instead.
func jsonObject(_ text: String, _ what: TerminalText, example: TerminalText) throws(Failure) -> JSON {
    let json: JSON
    do throws(Refusal) { json = try JSON(parsing: text) } catch {
        throw Failure(.usage, "\(what) must be a JSON object: \(error); found \(text.cut(to: 60))", remedy: example)
    }
    guard json.object != nil else {
        throw Failure(.usage, "\(what) must be a JSON object; found \(text.cut(to: 60))", remedy: example)
    }
    return json
}
