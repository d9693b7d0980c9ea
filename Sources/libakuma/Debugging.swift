internal import ProgramAssembly

/// Akuma's debugging interface: what the kernel made of this program's memory.
///
/// Each call throws `Errno.noFunction` on Linux, and on Akuma unless it was booted with `debug=on`.
public enum Debugging {
    /// How an address translates, level by level.
    public static func translation(of address: UInt) throws(Errno) -> AkumaTranslation {
        var result = AkumaTranslation()
        try checked(
            unsafe withUnsafeMutablePointer(to: &result) { result in
                unsafe systemCall(
                    .akumaTranslate, address, UInt(bitPattern: result), UInt(MemoryLayout<AkumaTranslation>.size))
            })
        return result
    }

    /// The ranges of this address space.
    public static func layout() throws(Errno) -> AkumaLayout {
        var result = AkumaLayout()
        try checked(
            unsafe withUnsafeMutablePointer(to: &result) { result in
                unsafe systemCall(.akumaLayout, UInt(bitPattern: result), UInt(MemoryLayout<AkumaLayout>.size))
            })
        return result
    }

    /// Free and total frames of the machine.
    public static func frames() throws(Errno) -> AkumaFrames {
        var result = AkumaFrames()
        try checked(
            unsafe withUnsafeMutablePointer(to: &result) { result in
                unsafe systemCall(.akumaFrames, UInt(bitPattern: result), UInt(MemoryLayout<AkumaFrames>.size))
            })
        return result
    }

    /// Checks the kernel's books; returns the number of violations, which the kernel's log names.
    public static func check(_ what: AkumaCheck) throws(Errno) -> Int {
        try checked(unsafe systemCall(.akumaCheck, UInt(what.rawValue)))
    }

    /// Makes a call while no more than a few frames can be had; without the debugging interface `ENOSYS`. The shortage
    /// ends with the next of these calls, or where this process waits or touches a page that needs a frame.
    @unsafe @discardableResult
    public static func call(
        _ number: UInt64, with shortage: AkumaShortage, _ a0: UInt = 0, _ a1: UInt = 0, _ a2: UInt = 0, _ a3: UInt = 0,
        _ a4: UInt = 0, _ a5: UInt = 0
    ) -> Int {
        Int(
            akuma_system_call_short_of_frames(
                SystemCallNumber.akumaShortage.rawValue, shortage.rawValue, number, UInt64(a0), UInt64(a1), UInt64(a2),
                UInt64(a3), UInt64(a4), UInt64(a5)))
    }
}
