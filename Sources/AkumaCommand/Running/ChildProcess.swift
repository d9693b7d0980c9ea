import Foundation
import SystemPackage

/// A child process that dies with the thread that started it, in a process group of its own.
///
/// Made for the emulator: the terminal's Ctrl-C does not reach it (the command decides), and even `kill -9` of the
/// command leaves nothing behind (`prctl(PR_SET_PDEATHSIG)`, through util-linux's `setpriv`).
struct ChildProcess: ~Copyable {
    private let identifier: pid_t
    private var hasEnded = false

    /// Starts `executable`, found by `PATH`, with `descriptors[n]` as its descriptor `n` and no others.
    ///
    /// `descriptors` starts with the three standard ones.
    init(_ executable: String, _ arguments: [String], descriptors: [FileDescriptor]) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // Copies far above the numbers that they get in the child, so that none overwrites another.
        let copies = try descriptors.map { descriptor in
            let copy = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 64)
            guard copy >= 0 else { throw Failure("cannot duplicate a descriptor: \(Errno(rawValue: errno))") }
            return FileDescriptor(rawValue: copy)
        }
        defer { for copy in copies { try? copy.close() } }
        for (number, copy) in copies.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, copy.rawValue, Int32(number))
        }
        for number in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init)
        where number >= copies.count {
            unsafe posix_spawn_file_actions_addclose(&actions, number)
        }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        unsafe sigfillset(&defaults)
        unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let words = ["setpriv", "--pdeathsig", "KILL", executable] + arguments
        var strings = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for unsafe string in unsafe strings { unsafe free(string) } }
        var identifier = pid_t()
        let status = unsafe posix_spawnp(&identifier, "setpriv", &actions, &attributes, &strings, environ)
        guard status == 0 else {
            throw Failure("cannot start \(executable): \(Errno(rawValue: status))", status: .machine)
        }
        self.identifier = identifier
    }

    /// Kills the process and waits for its end.
    mutating func kill() {
        guard !hasEnded else { return }
        _ = Glibc.kill(identifier, SIGKILL)
        _ = wait()
    }

    /// Waits for the end: the exit status, or nil if a signal ended it.
    mutating func wait() -> Int32? {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        hasEnded = true
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
    }

    deinit {
        guard !hasEnded else { return }
        _ = Glibc.kill(identifier, SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    }
}
