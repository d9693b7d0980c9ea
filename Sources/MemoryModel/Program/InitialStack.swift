import LinuxABI

/// The stack that a program finds when it starts, laid out as Linux does (`fs/binfmt_elf.c`, `create_elf_tables`;
/// System V ABI for the Arm 64-bit Architecture).
///
/// From SP upwards: argc, the pointers argv… and 0, envp… and 0, the auxiliary vector; a gap; 16 random bytes, the
/// platform's name; a gap; the strings of argv, of envp, the executable's path; 8 zero bytes up to the stack's top.
/// SP is a multiple of 16.
///
/// ```
/// let stack = try InitialStack(arguments: …, environment: …, executablePath: …, top: …, limit: …)
/// try stack.write(plan, facts, to: &frames)
/// ```
public struct InitialStack: ~Escapable {
    /// Bytes that one string may have, its NUL included (Linux `MAX_ARG_STRLEN`).
    public static var maximumStringByteCount: Int { 131_072 }
    /// What strings and pointers may take at least, however small the stack (Linux `ARG_MAX`).
    public static var minimumLimit: UInt64 { 131_072 }
    /// What they may take at most, however large the stack: three quarters of 8 MiB (Linux `_STK_LIM / 4 * 3`).
    public static var maximumLimit: UInt64 { 6 << 20 }

    /// Where SP starts: the address of argc, a multiple of 16.
    public let stackPointer: VirtualAddress
    /// The first address beyond the stack.
    public let top: VirtualAddress
    public let argumentCount: UInt64
    public let environmentCount: UInt64
    /// Where argv's strings begin, where they end and those of envp begin, and where those end.
    public let argumentStart: VirtualAddress
    public let environmentStart: VirtualAddress
    public let environmentEnd: VirtualAddress

    private let arguments: Span<UInt8>
    private let environment: Span<UInt8>
    private let executablePath: Span<UInt8>

    /// Bytes from SP to the top.
    public var size: ByteCount { top - stackPointer }

    /// Computes the layout.
    /// - Parameters:
    ///   - arguments: the strings of argv one after the other, each ended by a NUL. None at all become one empty
    ///     string, as on Linux since 5.18.
    ///   - environment: the strings of envp in the same form.
    ///   - executablePath: the path that the program was started by, without NUL.
    ///   - top: the first address beyond the stack, page-aligned.
    ///   - limit: how far the stack may grow (`RLIMIT_STACK`). A quarter of it is for strings and pointers.
    /// - Throws: `tooLarge`, `stringTooLong`, `unterminated`.
    @_lifetime(copy arguments, copy environment, copy executablePath)
    public init(
        arguments: Span<UInt8>, environment: Span<UInt8>, executablePath: Span<UInt8>, top: VirtualAddress,
        limit: ByteCount
    ) throws(InitialStackError) {
        precondition(top.isPageAligned && top.rawValue > Self.maximumLimit * 2, "a stack's top with room below")
        let givenCount = try Self.count(arguments)
        argumentCount = max(givenCount, 1)
        environmentCount = try Self.count(environment)
        guard executablePath.count < Self.maximumStringByteCount else { throw .stringTooLong }
        self.arguments = arguments
        self.environment = environment
        self.executablePath = executablePath
        self.top = top

        let argumentBytes = givenCount == 0 ? 1 : UInt64(arguments.count)
        let strings = argumentBytes + UInt64(environment.count) + UInt64(executablePath.count) + 1
        let pointers = (argumentCount + environmentCount) * 8
        let allowed = max(min(limit.rawValue / 4, Self.maximumLimit), Self.minimumLimit)
        guard strings + pointers <= allowed else { throw .tooLarge(size: strings + pointers, limit: allowed) }

        let words = 1 + argumentCount + 1 + environmentCount + 1
        let places = StackPlaces(top: top, strings: strings)
        argumentStart = places.strings
        environmentStart = places.strings + ByteCount(argumentBytes)
        environmentEnd = environmentStart + ByteCount(UInt64(environment.count))
        let auxiliary = places.random - Self.auxiliaryByteCount
        stackPointer = VirtualAddress((auxiliary.rawValue - words * 8) & ~15)
    }

    /// The number of strings in `bytes`.
    private static func count(_ bytes: Span<UInt8>) throws(InitialStackError) -> UInt64 {
        var count: UInt64 = 0
        var start = 0
        for index in 0..<bytes.count where bytes[index] == 0 {
            guard index - start < maximumStringByteCount else { throw .stringTooLong }
            count += 1
            start = index + 1
        }
        guard start == bytes.count else { throw .unterminated }
        return count
    }

    /// Entries of the auxiliary vector, the last one included.
    private static var auxiliaryEntryCount: UInt64 { 20 }
    private static var auxiliaryByteCount: ByteCount { ByteCount(auxiliaryEntryCount * 16) }

    // MARK: Writing

    /// Writes the whole stack, from SP to the top. Bytes in the gaps are not written: the pages are zero.
    public func write<Memory: InitialStackMemory>(
        _ plan: borrowing LoadPlan, _ facts: ProgramFacts, to memory: inout Memory
    ) throws(Memory.Failure) {
        let path = UInt64(executablePath.count) + 1
        let places = StackPlaces(top: top, strings: (environmentEnd - argumentStart).rawValue + path)
        let pathStart = environmentEnd

        var words = WordWriter(next: stackPointer)
        try words.write(argumentCount, to: &memory)
        if arguments.isEmpty {
            try words.write(places.strings.rawValue, to: &memory)
        } else {
            try writePointers(arguments, at: places.strings, words: &words, to: &memory)
        }
        try words.write(0, to: &memory)
        try writePointers(environment, at: environmentStart, words: &words, to: &memory)
        try words.write(0, to: &memory)
        try writeAuxiliaryVector(
            plan, facts, random: places.random, platform: places.platform, path: pathStart, words: &words, to: &memory)

        words = WordWriter(next: places.random)
        try words.write(facts.random[0], to: &memory)
        try words.write(facts.random[1], to: &memory)
        // The bytes "aarch64" and NUL, little-endian.
        try words.write(0x0034_3668_6372_6161, to: &memory)

        try writeBytes(arguments, at: places.strings, to: &memory)
        try writeBytes(environment, at: environmentStart, to: &memory)
        try writeBytes(executablePath, at: pathStart, to: &memory)
    }

    /// Writes the addresses of strings that lie one after the other.
    private func writePointers<Memory: InitialStackMemory>(
        _ strings: Span<UInt8>, at start: VirtualAddress, words: inout WordWriter, to memory: inout Memory
    ) throws(Memory.Failure) {
        var beginning = 0
        for index in 0..<strings.count where strings[index] == 0 {
            try words.write((start + ByteCount(UInt64(beginning))).rawValue, to: &memory)
            beginning = index + 1
        }
    }

    /// Writes the auxiliary vector in Linux's order.
    private func writeAuxiliaryVector<Memory: InitialStackMemory>(
        _ plan: borrowing LoadPlan, _ facts: ProgramFacts, random: VirtualAddress, platform: VirtualAddress,
        path: VirtualAddress,
        words: inout WordWriter, to memory: inout Memory
    ) throws(Memory.Failure) {
        let start = words.next
        try words.write(.minimumSignalStack, facts.minimumSignalStack.rawValue, to: &memory)
        try words.write(.hardwareCapabilities, facts.hardwareCapabilities, to: &memory)
        try words.write(.pageSize, Granule.size.rawValue, to: &memory)
        try words.write(.clockTicks, 100, to: &memory)
        try words.write(.programHeaders, plan.programHeaders.rawValue, to: &memory)
        try words.write(.programHeaderSize, plan.programHeaderSize.rawValue, to: &memory)
        try words.write(.programHeaderCount, UInt64(plan.programHeaderCount), to: &memory)
        try words.write(.interpreterBase, 0, to: &memory)
        try words.write(.flags, 0, to: &memory)
        try words.write(.entry, plan.entry.rawValue, to: &memory)
        try words.write(.userID, UInt64(facts.userID), to: &memory)
        try words.write(.effectiveUserID, UInt64(facts.effectiveUserID), to: &memory)
        try words.write(.groupID, UInt64(facts.groupID), to: &memory)
        try words.write(.effectiveGroupID, UInt64(facts.effectiveGroupID), to: &memory)
        try words.write(.secure, facts.isSecure ? 1 : 0, to: &memory)
        try words.write(.random, random.rawValue, to: &memory)
        try words.write(.hardwareCapabilities2, facts.hardwareCapabilities2, to: &memory)
        try words.write(.executableName, path.rawValue, to: &memory)
        try words.write(.platform, platform.rawValue, to: &memory)
        try words.write(.end, 0, to: &memory)
        assert(words.next - start == Self.auxiliaryByteCount, "as many entries as were counted")
    }

    /// Writes bytes page by page.
    private func writeBytes<Memory: InitialStackMemory>(
        _ bytes: Span<UInt8>, at start: VirtualAddress, to memory: inout Memory
    ) throws(Memory.Failure) {
        var offset = 0
        while offset < bytes.count {
            let address = start + ByteCount(UInt64(offset))
            let inPage = Granule.size - (address - address.roundedDownToPage)
            let end = min(bytes.count, offset + Int(inPage.rawValue))
            try memory.write(bytes.extracting(offset..<end), at: address)
            offset = end
        }
    }
}

/// Where what lies above the auxiliary vector.
private struct StackPlaces {
    /// The first byte of argv's strings.
    let strings: VirtualAddress
    let platform: VirtualAddress
    let random: VirtualAddress

    init(top: VirtualAddress, strings size: UInt64) {
        strings = top - ByteCount(8 + size)
        platform = VirtualAddress((strings.rawValue & ~15) - 8)
        random = platform - ByteCount(16)
    }
}

/// Writes words upwards.
private struct WordWriter {
    var next: VirtualAddress

    mutating func write<Memory: InitialStackMemory>(_ word: UInt64, to memory: inout Memory) throws(Memory.Failure) {
        try memory.write(word: word, at: next)
        next = next + ByteCount(8)
    }

    mutating func write<Memory: InitialStackMemory>(
        _ type: AuxiliaryType, _ value: UInt64, to memory: inout Memory
    ) throws(Memory.Failure) {
        try write(type.rawValue, to: &memory)
        try write(value, to: &memory)
    }
}
