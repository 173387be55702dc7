import CPlatform
import Glibc

/// The life of a child as its watching thread sees it: lines while it runs, then its group, then its status.
struct ChildLoop {
    private let state: ChildState
    private let handler: (@Sendable (OutputLine) -> Void)?
    private let leftoverGrace: Duration
    private let pid: Int32
    private var sources: [Source]
    /// Polls readable once the child has ended.
    private let ended: Int32
    private var chunk = [UInt8](repeating: 0, count: 16_384)

    /// Time for which killed processes may take to go; one that hangs in the kernel is left behind.
    private static let killTimeout = Duration.seconds(5)

    /// One of the child's two streams, as this side reads it.
    private struct Source {
        let stream: OutputLine.Stream
        let file: Int32
        var splitter = LineSplitter()
        var isOpen = true
    }

    /// Starts the child on the calling thread, which must then call ``run()``.
    static func start(_ command: ChildCommand, path: String, output: ChildProcess.Output, state: ChildState)
        throws(ChildError) -> (identity: ProcessIdentity, loop: ChildLoop)
    {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw ChildError(.spawn, "cannot open /dev/null: \(errorText(errno))") }
        defer { close(null) }
        var streams = ChildSpawn.Streams(input: null, output: null, error: null)
        var handler: (@Sendable (OutputLine) -> Void)?
        var pipes: [(stream: OutputLine.Stream, ends: PipeEnds)] = []
        defer { for pipe in pipes { pipe.ends.closeWriting() } }
        do throws(ChildError) {
            switch output {
            case .lines(let lines):
                handler = lines
                pipes.append((.output, try PipeEnds()))
                pipes.append((.error, try PipeEnds()))
                (streams.output, streams.error) = (pipes[0].ends.writing, pipes[1].ends.writing)
            case .outputLines(let lines):
                handler = lines
                pipes.append((.output, try PipeEnds()))
                (streams.output, streams.error) = (pipes[0].ends.writing, 2)
            case .inherited: (streams.output, streams.error) = (1, 2)
            case .discarded: break
            }
            let identity = try ChildSpawn.start(command, path: path, streams: streams)
            let sources = pipes.map { Source(stream: $0.stream, file: $0.ends.reading) }
            return (identity, try ChildLoop(identity.pid, command, state: state, handler: handler, sources: sources))
        } catch {
            for pipe in pipes { pipe.ends.closeReading() }
            throw error
        }
    }

    private init(
        _ pid: Int32, _ command: ChildCommand, state: ChildState, handler: (@Sendable (OutputLine) -> Void)?,
        sources: [Source]
    ) throws(ChildError) {
        ended = nimmer_pidfd_open(pid)
        guard ended >= 0 else {
            let error = errno
            kill(-pid, SIGKILL)
            _ = ChildExit.reaping(pid)
            throw ChildError(.spawn, "cannot watch process \(pid) (Linux 5.3 or newer): \(errorText(error))")
        }
        self.state = state
        self.handler = handler
        self.leftoverGrace = command.leftoverGrace
        self.pid = pid
        self.sources = sources
        state.begin(pid: pid)
    }

    /// Runs until the child has ended and its pipes are closed.
    mutating func run() {
        while nimmer_has_ended(pid) == 0 {
            wait(timeout: killWhenDue(), alsoFor: [ended, state.wake.descriptor])
        }
        close(ended)
        endGroup()
        let exit = state.reap()
        drain()
        state.finish(exit)
        while sources.contains(where: \.isOpen) { wait(timeout: nil, alsoFor: []) }
    }

    /// Kills the group when the caller's grace is over; otherwise how long to wait for that at most.
    private func killWhenDue() -> Duration? {
        let (isDue, remaining) = state.deadline(at: .now)
        if isDue { state.send(SIGKILL, toGroup: true) }
        return remaining
    }

    /// The rest of the group: asked at once, killed after the grace. The ended child is not reaped yet, so the
    /// group's number is still its own.
    private mutating func endGroup() {
        guard !ProcessStatus.members(ofGroup: pid).isEmpty else { return }
        state.send(SIGTERM, toGroup: true)
        let end = ContinuousClock.now + leftoverGrace
        while !ProcessStatus.members(ofGroup: pid).isEmpty {
            let now = ContinuousClock.now
            if now >= end { state.send(SIGKILL, toGroup: true) }
            if now >= end + Self.killTimeout { return }
            _ = killWhenDue()
            wait(timeout: .milliseconds(10), alsoFor: [])
        }
    }

    /// Waits for something to read or the other descriptors, and reads what there is.
    private mutating func wait(timeout: Duration?, alsoFor others: [Int32]) {
        var polled: [pollfd] = []
        for source in sources where source.isOpen {
            polled.append(pollfd(fd: source.file, events: Int16(POLLIN), revents: 0))
        }
        for other in others { polled.append(pollfd(fd: other, events: Int16(POLLIN), revents: 0)) }
        let milliseconds = timeout.map { timeout in
            let parts = timeout.components
            return Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1)
        }
        guard poll(&polled, nfds_t(polled.count), milliseconds ?? -1) > 0 else { return }
        for index in sources.indices where sources[index].isOpen { readOnce(index) }
        if others.contains(state.wake.descriptor) { state.wake.lower() }
    }

    /// Reads what the pipes hold without waiting for more, and hands over a line that the child has left without an end: another process
    /// may hold the pipe for longer, be it a child that is just being started beside this one.
    private mutating func drain() {
        for index in sources.indices {
            while sources[index].isOpen && readOnce(index) {}
            let (stream, handler) = (sources[index].stream, handler)
            if let line = sources[index].splitter.finish() { handler?(OutputLine(stream: stream, bytes: line)) }
        }
    }

    /// Reads one piece; false when there is nothing now. Closes a stream at its end.
    @discardableResult
    private mutating func readOnce(_ index: Int) -> Bool {
        let count = read(sources[index].file, &chunk, chunk.count)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return errno == EINTR }
        let stream = sources[index].stream
        let handler = self.handler
        let emit = { (line: [UInt8]) in handler?(OutputLine(stream: stream, bytes: line)) ?? () }
        if count > 0 {
            sources[index].splitter.take(chunk[..<count], emit)
            return true
        }
        if let line = sources[index].splitter.finish() { emit(line) }
        sources[index].isOpen = false
        close(sources[index].file)
        return false
    }
}
