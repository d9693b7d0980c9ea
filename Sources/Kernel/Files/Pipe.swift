import LinuxABI
import Machine
import MemoryModel

/// A pipe (pipe(7)): up to 64 KiB of bytes on their way from writers to readers, in frames that are taken as bytes come
/// and given back as they go. A slot in a pool.
struct Pipe: ~Copyable {
    /// Frames that a full pipe holds: Linux's PIPE_DEF_BUFFERS (include/linux/pipe_fs_i.h).
    static var frameLimit: Int { 16 }
    /// Bytes that a full pipe holds.
    static var capacity: UInt64 { UInt64(frameLimit) * Granule.size.rawValue }
    /// Writes of up to so many bytes are not mixed with others: PIPE_BUF (include/uapi/linux/limits.h).
    static var atomicSize: UInt64 { 4096 }

    /// A ring of frames by address, 0 where there is none: byte `position` lies in frame `position / 4096 % 16`.
    private var frames = InlineArray<16, UInt64>(repeating: 0)
    /// Bytes ever read and ever written.
    private var readPosition: UInt64 = 0
    private var writePosition: UInt64 = 0

    /// Open files of either end.
    var readers: UInt32 = 1
    var writers: UInt32 = 1

    init() {}

    /// Bytes that can be read.
    var count: UInt64 { writePosition - readPosition }
    /// Bytes that can be written.
    var room: UInt64 { Pipe.capacity - count }

    /// Copies the oldest bytes to a program, as many as there are and fit.
    /// - Returns: bytes copied; fewer where the program's memory ends.
    mutating func read(into buffer: inout UserBuffer) -> UInt64 {
        var total: UInt64 = 0
        while count > 0, buffer.count > 0 {
            let inFrame = min(count, Granule.size.rawValue - readPosition % Granule.size.rawValue)
            let wanted = min(inFrame, buffer.count)
            let source = frames[index(readPosition)] + readPosition % Granule.size.rawValue
            let copied = buffer.write(KernelMemory.bytes(at: source, count: wanted))
            let frame = index(readPosition)
            readPosition += copied
            total += copied
            if count == 0 || index(readPosition) != frame { giveBackFrame(frame) }
            if copied < wanted { break }
        }
        if count == 0 {
            readPosition = 0
            writePosition = 0
        }
        return total
    }

    /// Copies a program's bytes in, as many as there is room for.
    /// - Returns: bytes copied; fewer where the program's memory ends.
    /// - Throws: ENOMEM where there is no frame for the first of them, or what there is is left to others.
    mutating func write(from buffer: inout UserBuffer) throws(Errno) -> UInt64 {
        var total: UInt64 = 0
        while room > 0, buffer.count > 0 {
            let frame = index(writePosition)
            if frames[frame] == 0 {
                // An empty pipe takes a page of bytes though little memory is left: what others have filled it with must
                // not keep two programs from talking.
                guard count == 0 || FileSystem.hasRoom(leaving: FileSystem.reservedFrames), let page = KernelPages.take() else {
                    if total == 0 { throw .noMemory }
                    break
                }
                frames[frame] = page
            }
            let offset = writePosition % Granule.size.rawValue
            let wanted = min(min(Granule.size.rawValue - offset, room), buffer.count)
            let copied = buffer.read(to: frames[frame] + offset, limit: wanted)
            writePosition += copied
            total += copied
            if count == 0 { giveBackFrame(frame) }
            if copied < wanted { break }
        }
        return total
    }

    /// Gives back every frame.
    mutating func drain() {
        for index in 0..<Pipe.frameLimit { giveBackFrame(index) }
        readPosition = writePosition
    }

    private mutating func giveBackFrame(_ index: Int) {
        if frames[index] == 0 { return }
        KernelPages.giveBack(frames[index])
        frames[index] = 0
    }

    private func index(_ position: UInt64) -> Int { Int(position / Granule.size.rawValue) % Pipe.frameLimit }
}

/// Reads from a pipe: waits for bytes while somebody may still write them.
/// - Returns: bytes read; 0 when no writer is left.
func readPipe(_ pipe: Handle<Pipe>, into buffer: inout UserBuffer, waits: Bool) throws(Errno) -> UInt64 {
    if buffer.count == 0 { return 0 }
    if pipe.value.count == 0 {
        if pipe.value.writers == 0 { return 0 }
        guard waits else { throw .resourceTemporarilyUnavailable }
        let outcome = wait(on: .pipe(pipe)) { pipe.value.count > 0 || pipe.value.writers == 0 }
        guard outcome == .satisfied else { throw .interrupted }
        if pipe.value.count == 0 { return 0 }
    }
    let copied = pipe.value.read(into: &buffer)
    wakeAll(onFile: .pipe(pipe))
    if copied == 0 { throw .badAddress }
    return copied
}

/// Writes to a pipe: all of the buffer, waiting for room; EPIPE and SIGPIPE when no reader is left.
func writePipe(_ pipe: Handle<Pipe>, from buffer: inout UserBuffer, waits: Bool) throws(Errno) -> UInt64 {
    let asked = buffer.count
    // A short write goes in as one piece, however long it must wait for the room.
    let needed = asked <= Pipe.atomicSize ? asked : 1
    while buffer.count > 0 {
        guard pipe.value.readers > 0 else { return try brokenPipe(written: asked - buffer.count) }
        guard pipe.value.room >= needed else {
            if !waits {
                if buffer.count < asked { break }
                throw .resourceTemporarilyUnavailable
            }
            let outcome = wait(on: .pipe(pipe)) { pipe.value.room >= needed || pipe.value.readers == 0 }
            if outcome == .satisfied { continue }
            if buffer.count < asked { break }
            throw .interrupted
        }
        let moved: UInt64
        do throws(Errno) {
            moved = try pipe.value.write(from: &buffer)
        } catch {
            // What has gone in already is told by the count.
            if buffer.count < asked { break }
            throw error
        }
        wakeAll(onFile: .pipe(pipe))
        if moved == 0 {
            if buffer.count == asked { throw .badAddress }
            break
        }
    }
    return asked - buffer.count
}

/// The signal comes for a write that was cut short, too (fs/pipe.c, pipe_write).
private func brokenPipe(written: UInt64) throws(Errno) -> UInt64 {
    send(.brokenPipe, to: Process.current, .user)
    if written == 0 { throw .brokenPipe }
    return written
}

/// `pipe2`.
func makePipe(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let flags = OpenFlags(rawValue: call.second.asUInt32)
    guard flags.subtracting(.closeOnExec | .nonBlocking).isEmpty else { throw .invalidArgument }
    let status = flags.subtracting(.closeOnExec)
    let pipe = try kernel.pipes.make(Pipe())
    let reader: Handle<OpenFile>
    do throws(Errno) {
        reader = try kernel.openFiles.make(OpenFile(.pipe(pipe, .read), flags: status))
    } catch {
        kernel.pipes.destroy(pipe)
        throw error
    }
    let writer: Handle<OpenFile>
    do throws(Errno) {
        writer = try kernel.openFiles.make(OpenFile(.pipe(pipe, .write), flags: status | .writeOnly))
    } catch {
        // The reader's end goes, and with it the pipe, which has no other.
        pipe.value.writers = 0
        release(reader)
        throw error
    }
    let files = Process.current.value.openFiles
    let closesOnExec = flags.contains(.closeOnExec)
    var first: Int32?
    do throws(Errno) {
        let readEnd = try files.value.add(reader, closesOnExec: closesOnExec)
        first = readEnd
        let writeEnd = try files.value.add(writer, closesOnExec: closesOnExec)
        do throws(Errno) {
            try UserPointer(call.first).store(UInt64(UInt32(readEnd)) | UInt64(UInt32(writeEnd)) << 32)
            return 0
        } catch {
            _ = try? files.value.remove(writeEnd)
            throw error
        }
    } catch {
        if let first { _ = try? files.value.remove(first) }
        release(reader)
        release(writer)
        throw error
    }
}

/// Which end of a pipe a file is.
enum PipeEnd {
    case read
    case write
}

/// A file of a pipe's end is gone; with the last one of both ends, so is the pipe.
func close(_ end: PipeEnd, of pipe: Handle<Pipe>) {
    switch end {
    case .read: pipe.value.readers -= 1
    case .write: pipe.value.writers -= 1
    }
    wakeAll(onFile: .pipe(pipe))
    guard pipe.value.readers == 0, pipe.value.writers == 0 else { return }
    pipe.value.drain()
    kernel.pipes.destroy(pipe)
}
