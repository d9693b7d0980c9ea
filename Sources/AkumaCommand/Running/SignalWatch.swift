import Foundation
import SystemPackage

/// The signals that ask the command to end, as a descriptor that becomes readable.
///
/// One per process, and only the command's own `run` installs it: a library must not change what signals do.
enum SignalWatch {
    /// The handler can reach only a global; it is written once, before the handlers are installed.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    /// The signals that end a run.
    static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// Installs the handlers; each signal's number arrives as one byte.
    static func install() throws -> FileDescriptor {
        let pipe = try FileDescriptor.pipe()
        for end in [pipe.readEnd, pipe.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        unsafe writeEnd = pipe.writeEnd.rawValue
        for signal in signals {
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(SignalWatch.writeEnd, &byte, 1)
            }
            _ = unsafe sigaction(signal, &action, nil)
        }
        return pipe.readEnd
    }

    /// Ends this process as the signal would have ended it, so that the caller sees the right status.
    static func endProcess(by number: Int32) -> Never {
        signal(number, SIG_DFL)
        raise(number)
        exit(128 + number)
    }
}
