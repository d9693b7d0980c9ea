internal import ProgramAssembly

/// The time of a clock.
public func now(_ clock: ClockIdentifier = .monotonic) -> TimeSpecification {
    var time = TimeSpecification()
    let result = unsafe withUnsafeMutablePointer(to: &time) { time in
        unsafe systemCall(.clockGettime, UInt(clock.rawValue), UInt(bitPattern: time))
    }
    precondition(result == 0, "the kernel has this clock")
    return time
}

/// Sleeps for at least so long, unless a signal comes.
public func sleep(seconds: Int, nanoseconds: Int = 0) {
    var time = TimeSpecification()
    time.seconds = Int64(seconds)
    time.nanoseconds = Int64(nanoseconds)
    _ = unsafe withUnsafePointer(to: &time) { time in unsafe systemCall(.nanosleep, UInt(bitPattern: time), 0) }
}

/// The machine's own timer (`CNTVCT_EL0`), which programs may read without asking the kernel.
public enum Timer {
    /// Ticks since some moment.
    public static var count: UInt64 { akuma_timer_count() }

    /// Ticks in a second.
    public static var frequency: UInt64 { akuma_timer_frequency() }

    /// Executes a loop of exactly two instructions, so many times, at least once: a measure to hold a clock against.
    public static func spin(_ iterations: UInt64) { akuma_spin(max(iterations, 1)) }
}
