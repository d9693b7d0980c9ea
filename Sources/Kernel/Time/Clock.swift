import Machine

/// The kernel's clocks: the generic timer's counter for passing time, and the real-time clock, read once, for the date.
struct Clock: ~Copyable {
    /// Counter ticks in a second (`CNTFRQ_EL0`).
    let frequency: UInt64
    /// Counter value when the date was read.
    private let start: UInt64
    /// Seconds since 1970 when the date was read; 0 where the machine has no real-time clock.
    private let startDate: UInt64

    init(frequency: UInt64, dateInSeconds: UInt64) {
        precondition(frequency > 0, "CNTFRQ_EL0 tells how fast the counter runs")
        self.frequency = frequency
        start = Timer.now
        startDate = dateInSeconds
    }

    /// Nanoseconds in a number of ticks, rounded down; 64 bits of nanoseconds last 584 years.
    func nanoseconds(ofTicks ticks: UInt64) -> UInt64 {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: frequency)
        return seconds &* 1_000_000_000 &+ rest &* 1_000_000_000 / frequency
    }

    /// Counter ticks that last at least so many nanoseconds; held below 2⁶² so that deadlines can be added.
    func ticks(ofNanoseconds nanoseconds: UInt64) -> UInt64 {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: frequency)
        guard !overflow else { return 1 << 62 }
        return min(whole &+ (rest &* frequency &+ 999_999_999) / 1_000_000_000, 1 << 62)
    }

    /// The counter value at which so many nanoseconds will have passed.
    func deadline(after nanoseconds: UInt64) -> UInt64 { Timer.now &+ ticks(ofNanoseconds: nanoseconds) }

    var nanosecondsSinceBoot: UInt64 { nanoseconds(ofTicks: Timer.now) }
    var nanosecondsSince1970: UInt64 { startDate &* 1_000_000_000 &+ nanoseconds(ofTicks: Timer.now &- start) }
    var nanosecondsPerTick: UInt64 { max(1, 1_000_000_000 / frequency) }
}
