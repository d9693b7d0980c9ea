import LinuxABI
import Machine

/// Nanoseconds in a second.
private var nanosecondsPerSecond: UInt64 { 1_000_000_000 }

extension TimeSpecification {
    init(nanoseconds total: UInt64) {
        self.init()
        seconds = Int64(total / nanosecondsPerSecond)
        nanoseconds = Int64(total % nanosecondsPerSecond)
    }

    /// The time in nanoseconds, held at the largest that fits; nil where the fields are no time (EINVAL).
    var checkedNanoseconds: UInt64? {
        guard seconds >= 0, 0..<Int64(nanosecondsPerSecond) ~= nanoseconds else { return nil }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: nanosecondsPerSecond)
        if overflow { return .max }
        let (sum, carry) = product.addingReportingOverflow(UInt64(nanoseconds))
        return carry ? .max : sum
    }
}

/// What a clock shows, in nanoseconds; EINVAL for one that does not exist.
private func nanoseconds(of clock: UInt64) throws(Errno) -> UInt64 {
    switch ClockIdentifier(rawValue: clock.asUInt32) {
    // Nobody has told the difference between the two (kernel/time/timekeeping.c: tai_offset is 0 until adjtimex).
    case .realtime, .realtimeCoarse, .tai:
        kernel.clock.nanosecondsSince1970
    case .monotonic, .monotonicRaw, .monotonicCoarse, .boottime:
        kernel.clock.nanosecondsSinceBoot
    case .processTime, .threadTime:
        kernel.clock.nanoseconds(ofTicks: Thread.current.value.ticksRun)
    case nil:
        throw .invalidArgument
    }
}

func clockTime(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    try UserPointer(call.second).store(TimeSpecification(nanoseconds: nanoseconds(of: call.first)))
    return 0
}

func clockResolution(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    _ = try nanoseconds(of: call.first)
    if call.second != 0 {
        try UserPointer(call.second).store(TimeSpecification(nanoseconds: kernel.clock.nanosecondsPerTick))
    }
    return 0
}

func timeOfDay(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    if call.first != 0 {
        let now = TimeSpecification(nanoseconds: kernel.clock.nanosecondsSince1970)
        var value = TimeValue()
        value.seconds = now.seconds
        value.microseconds = now.nanoseconds / 1000
        try UserPointer(call.first).store(value)
    }
    // struct timezone: two words of 32 bits, UTC.
    if call.second != 0 { try UserPointer(call.second).store(UInt64(0)) }
    return 0
}

func sleep(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let request = try UserPointer(call.first).load(TimeSpecification())
    guard let duration = request.checkedNanoseconds else { throw .invalidArgument }
    return try sleep(until: kernel.clock.deadline(after: duration), remainder: call.second)
}

func sleepOnClock(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    let now = try nanoseconds(of: call.first)
    let request = try UserPointer(call.third).load(TimeSpecification())
    guard let time = request.checkedNanoseconds else { throw .invalidArgument }
    // TIMER_ABSTIME (include/uapi/linux/time.h): the time is one on the clock, and there is no remainder to tell.
    let isAbsolute = call.second & 1 != 0
    let duration = isAbsolute ? (time > now ? time - now : 0) : time
    return try sleep(until: kernel.clock.deadline(after: duration), remainder: isAbsolute ? 0 : call.fourth)
}

private func sleep(until deadline: UInt64, remainder: UInt64) throws(Errno) -> UInt64 {
    guard wait(on: .nothing, until: deadline, { false }) == .interrupted else { return 0 }
    if remainder != 0 {
        let now = Timer.now
        let left = kernel.clock.nanoseconds(ofTicks: deadline > now ? deadline - now : 0)
        try UserPointer(remainder).store(TimeSpecification(nanoseconds: left))
    }
    throw .interrupted
}

func randomBytes(_ call: SystemCallArguments) throws(Errno) -> UInt64 {
    // GRND_NONBLOCK 1, GRND_RANDOM 2, GRND_INSECURE 4 (include/uapi/linux/random.h). The generator is always seeded, so
    // they change nothing; the last two exclude each other.
    let flags = call.third.asUInt32
    guard flags & ~7 == 0, flags & 6 != 6 else { throw .invalidArgument }
    // At most INT_MAX bytes a call (drivers/char/random.c).
    var buffer = UserBuffer(call.first, count: min(call.second, UInt64(Int32.max)))
    return try fillWithRandomBytes(&buffer)
}
