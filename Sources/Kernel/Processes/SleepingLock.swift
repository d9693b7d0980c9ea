import LinuxABI
import Machine

/// A lock that is held while others have their turn: who finds it taken sleeps. It lies in an object of a pool, whose
/// address is the channel to wait on, and who takes it sees to it that the object stays.
struct SleepingLock {
    /// A call is in there at the moment.
    fileprivate var isTaken = false
    /// Others wait for it.
    fileprivate var isAwaited = false
}

/// What has a sleeping lock.
protocol SleepinglyLocked: ~Copyable {
    var sleepingLock: SleepingLock { get set }
}

extension Handle where T: SleepinglyLocked & ~Copyable {
    /// Runs `body` alone among those that run under the object's lock, whatever signals arrive meanwhile.
    func withSleepingLock<Result>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        if value.sleepingLock.isTaken {
            waitUninterrupted(on: .sleepingLock(of: self)) {
                // Said each time: of several that are woken one goes on, and the others wait for that one.
                value.sleepingLock.isAwaited = value.sleepingLock.isTaken
                return !value.sleepingLock.isTaken
            }
        }
        value.sleepingLock.isTaken = true
        defer {
            value.sleepingLock.isTaken = false
            if value.sleepingLock.isAwaited {
                value.sleepingLock.isAwaited = false
                wakeAll(on: .sleepingLock(of: self))
            }
        }
        return try body()
    }
}
