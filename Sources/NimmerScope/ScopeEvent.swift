import NimmerTerminal
import NimmerWave

/// Everything that can happen to an oscilloscope.
public enum ScopeEvent: Sendable {
    /// A message came. Messages come in the order of their arrival; one that claims to have arrived before the last counts as
    /// arrived with it.
    case message(subject: String, payload: [UInt8], arrival: Timestamp)
    /// A key was pressed.
    case key(Key, at: Timestamp)
    /// Time passed.
    case tick(Timestamp)
    /// The terminal has another size; also the first one.
    case resize(width: Int, height: Int)
    /// The connection to the server.
    case connection(ScopeConnection, at: Timestamp)
    /// The server answers within so many milliseconds.
    case roundTrip(milliseconds: Double)
    /// So many messages were lost since the start, because this reader was too slow.
    case lost(total: Int)
    /// Every gate that the thalamus knows, when it was asked.
    case gates([AttendedGate])
    /// The terminal's background is known now, and a theme fits it.
    case theme(ScopeTheme)
    /// Answer of the thalamus to `regions`: which regions it folds into which.
    case regions(JSON)
    /// Answer of the thalamus to ``ScopeEffect/explain(gate:)``.
    case explained(gate: String, JSON)
    /// Reason why it did not answer.
    case unexplained(gate: String, reason: String)
    /// Result of a recording.
    case recording(ScopeRecording)
    /// Result of ``ScopeEffect/export(_:)``: the files' names, or what kept them from being written.
    case exported(Result<[String], ScopeFailure>)
    /// State of the playback of a recording.
    case playback(speed: Double, ScopePlayback)
    /// Something that a person should know, in one line.
    case notice(String, at: Timestamp)
}

/// The connection to the server.
public enum ScopeConnection: Sendable, Hashable {
    /// It is there. The text names the server.
    case connected(String)
    /// It is gone, and is being looked for.
    case lost(String)
}

/// Indicates whether a recording that is played moves.
public enum ScopePlayback: Sendable, Hashable, CaseIterable {
    /// It does.
    case playing
    /// It is paused.
    case stopped
    /// All of it was played.
    case ended
}

/// Result of a recording.
public enum ScopeRecording: Sendable, Hashable {
    /// It is being written to this file.
    case started(String)
    /// It was written, so many messages.
    case stopped(String, messages: Int)
    /// It cannot be written.
    case failed(String)
}

/// Reason why something was not done, for a person.
public struct ScopeFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Description of what was tried and what was found.
    public let description: String

    /// A reason.
    public init(_ description: String) { self.description = description }
}

/// Effect that the owner of an oscilloscope is to perform.
public enum ScopeEffect: Sendable, Hashable {
    /// End.
    case quit
    /// Stop as a job (Ctrl-Z).
    case suspend
    /// Draw every cell again (Ctrl-L).
    case redraw
    /// Write what comes from now on, as `nimmer replay` reads it.
    case startRecording
    /// End the recording.
    case stopRecording
    /// Write these files.
    case export(ScopeExport)
    /// Ask the thalamus why this gate is as it is.
    case explain(gate: String)
    /// Report the outcome of an opening, or take it back; the result comes as a notice.
    case verify(ScopeVerification)
    /// Play the recording on, so many times as fast as it was recorded.
    case play(speed: Double)
    /// Let the recording stand where it is.
    case stopPlaying
}

/// The window, to be written to files.
public struct ScopeExport: Sendable, Hashable {
    /// The files' name without its ending, from the window's end: `scope-20261121-120106`.
    public let name: String
    /// The window's messages as CSV.
    public let csv: [UInt8]
    /// The window as a drawing.
    public let svg: [UInt8]
}
