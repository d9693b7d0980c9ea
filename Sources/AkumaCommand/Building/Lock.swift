import Foundation
import SystemPackage

/// A lock between processes: invocations that build or download at the same time take turns.
enum Lock {
    /// Runs `body` while holding the lock at `path`; `onWait` is called once if somebody else holds it for long.
    static func hold<Result>(
        _ path: FilePath, onWait: () -> Void, body: () async throws -> Result
    ) async throws -> Result {
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        let descriptor = try FileDescriptor.open(
            path, .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        defer { try? descriptor.close() }
        var attempts = 0
        while flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw Failure("cannot lock \(path): \(Errno(rawValue: errno))")
            }
            attempts += 1
            if attempts == 20 { onWait() }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await body()
    }
}
