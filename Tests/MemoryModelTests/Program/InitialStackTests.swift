import LinuxABI
import MemoryModel
import Testing

/// The pages of a stack, by address.
private struct StackPages: InitialStackMemory {
    struct Refused: Error, Equatable {}
    var bytes: [UInt64: UInt8] = [:]
    var writesLeft = Int.max

    mutating func write(word: UInt64, at address: VirtualAddress) throws(Refused) {
        precondition(address.rawValue % 8 == 0, "words are aligned")
        try spend()
        for place in 0..<8 {
            put(UInt8(truncatingIfNeeded: word >> (UInt64(place) * 8)), at: address.rawValue + UInt64(place))
        }
    }

    mutating func write(_ span: Span<UInt8>, at address: VirtualAddress) throws(Refused) {
        precondition(address.rawValue % 4096 + UInt64(span.count) <= 4096, "bytes lie within a page")
        precondition(!span.isEmpty, "nothing is not written")
        try spend()
        for index in 0..<span.count { put(span[index], at: address.rawValue + UInt64(index)) }
    }

    private mutating func spend() throws(Refused) {
        guard writesLeft > 0 else { throw Refused() }
        writesLeft -= 1
    }

    private mutating func put(_ byte: UInt8, at address: UInt64) {
        precondition(bytes[address] == nil, "no byte is written twice")
        bytes[address] = byte
    }

    func word(_ address: UInt64) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(bytes[address + $1] ?? 0) << ($1 * 8) }
    }

    func string(_ address: UInt64) -> String {
        var text: [UInt8] = []
        var place = address
        while let byte = bytes[place], byte != 0 {
            text.append(byte)
            place += 1
        }
        return String(decoding: text, as: UTF8.self)
    }
}

@Suite("The stack that a program finds when it starts")
struct InitialStackTests {
    static let top: UInt64 = 0x3FFF_F000

    private static func strings(_ strings: [String]) -> [UInt8] { strings.flatMap { Array($0.utf8) + [0] } }

    private static let facts: ProgramFacts = {
        var facts = ProgramFacts(
            random: [0x1122_3344_5566_7788, 0x99aa_bbcc_ddee_ff00], hardwareCapabilities: 0xabc,
            hardwareCapabilities2: 0xdef, minimumSignalStack: ByteCount(4720))
        facts.userID = 1
        facts.effectiveUserID = 2
        facts.groupID = 3
        facts.effectiveGroupID = 4
        facts.isSecure = true
        return facts
    }()

    @Test(
        "is laid out as Linux lays it out",
        arguments: [["prog", "a", "bc"], ["prog"], ["prog", "", "x"], ["p", "abcdefg", "h"]],
        [[], ["A=1"], ["A=1", "LONGER=value"], ["X=" + String(repeating: "y", count: 9000)]])
    func layout(arguments: [String], environment: [String]) throws {
        let plan = try ELFBuilder.typical.plan()
        let argumentBytes = Self.strings(arguments)
        let environmentBytes = Self.strings(environment)
        let path = Array("/bin/prog".utf8)
        let stack = try InitialStack(
            arguments: argumentBytes.span, environment: environmentBytes.span, executablePath: path.span,
            top: VirtualAddress(Self.top), limit: ByteCount(8 << 20))
        var pages = StackPages()
        try stack.write(plan, Self.facts, to: &pages)

        var next = stack.stackPointer.rawValue
        #expect(next % 16 == 0)
        #expect(stack.size == ByteCount(Self.top - next))
        func pop() -> UInt64 {
            next += 8
            return pages.word(next - 8)
        }
        #expect(pop() == UInt64(arguments.count))
        var previousEnd: UInt64?
        func checkString(_ expected: String) {
            let address = pop()
            #expect(pages.string(address) == expected)
            if let previousEnd { #expect(address == previousEnd, "strings follow each other") }
            previousEnd = address + UInt64(expected.utf8.count) + 1
        }
        for argument in arguments { checkString(argument) }
        #expect(pop() == 0)
        for string in environment { checkString(string) }
        #expect(pop() == 0)

        var vector: [UInt64: UInt64] = [:]
        while true {
            let type = pop()
            let value = pop()
            if type == 0 { break }
            #expect(vector.updateValue(value, forKey: type) == nil)
        }
        func value(_ type: AuxiliaryType) -> UInt64? { vector[type.rawValue] }
        #expect(vector.count == 19)
        #expect(value(.programHeaders) == 0x40_0040)
        #expect(value(.programHeaderSize) == 56)
        #expect(value(.programHeaderCount) == 2)
        #expect(value(.pageSize) == 4096)
        #expect(value(.interpreterBase) == 0)
        #expect(value(.flags) == 0)
        #expect(value(.entry) == 0x40_0100)
        #expect(value(.userID) == 1 && value(.effectiveUserID) == 2)
        #expect(value(.groupID) == 3 && value(.effectiveGroupID) == 4)
        #expect(value(.secure) == 1)
        #expect(value(.clockTicks) == 100)
        #expect(value(.hardwareCapabilities) == 0xabc && value(.hardwareCapabilities2) == 0xdef)
        #expect(value(.minimumSignalStack) == 4720)
        let platform = try #require(value(.platform))
        #expect(pages.string(platform) == "aarch64")
        let random = try #require(value(.random))
        #expect(pages.word(random) == 0x1122_3344_5566_7788 && pages.word(random + 8) == 0x99aa_bbcc_ddee_ff00)
        let name = try #require(value(.executableName))
        #expect(pages.string(name) == "/bin/prog")
        #expect(name == previousEnd)
        #expect(name + 10 == Self.top - 8, "eight zero bytes end the stack")
        #expect(pages.word(Self.top - 8) == 0)
        #expect(next <= random && random + 16 == platform && platform % 8 == 0)
        #expect(try #require(pages.bytes.keys.min()) == stack.stackPointer.rawValue)
        #expect(try #require(pages.bytes.keys.max()) < Self.top)
    }

    @Test("has one empty argument where none is given, as Linux since 5.18")
    func noArguments() throws {
        let nothing: [UInt8] = []
        let stack = try InitialStack(
            arguments: nothing.span, environment: nothing.span, executablePath: nothing.span,
            top: VirtualAddress(Self.top), limit: ByteCount(8 << 20))
        var pages = StackPages()
        try stack.write(try ELFBuilder.typical.plan(), Self.facts, to: &pages)
        let start = stack.stackPointer.rawValue
        #expect(pages.word(start) == 1)
        #expect(pages.word(start + 8) == Self.top - 8 - 2)
        #expect(pages.word(start + 16) == 0)
    }

    private func error(
        _ arguments: [UInt8], environment: [UInt8] = [], path: Int = 1, limit: UInt64 = 8 << 20
    ) -> InitialStackError? {
        let path = [UInt8](repeating: 1, count: path)
        do throws(InitialStackError) {
            _ = try InitialStack(
                arguments: arguments.span, environment: environment.span, executablePath: path.span,
                top: VirtualAddress(Self.top), limit: ByteCount(limit))
            return nil
        } catch {
            #expect(error.reason.utf8CodeUnitCount > 0)
            return error
        }
    }

    @Test("refuses a string above 128 KiB, its NUL included, and one without NUL")
    func strings() {
        func string(_ count: Int) -> [UInt8] { [UInt8](repeating: 65, count: count) + [0] }
        #expect(error(string(131_071)) == nil)
        #expect(error(string(131_072)) == .stringTooLong)
        #expect(error(string(3), environment: string(131_072)) == .stringTooLong)
        #expect(error(string(3), path: 131_072) == .stringTooLong)
        #expect(error([65, 0, 66]) == .unterminated)
    }

    @Test("refuses more than a quarter of the stack's limit, pointers counted, but never less than 128 KiB")
    func limits() {
        // Strings of 7 letters take 16 bytes each with their pointers; the path takes 2.
        func strings(_ count: Int) -> [UInt8] { (0..<count).flatMap { _ in [UInt8](repeating: 65, count: 7) + [0] } }
        #expect(error(strings(131_071)) == nil)
        #expect(error(strings(131_072)) == .tooLarge(size: 131_072 * 16 + 2, limit: 2 << 20))
        #expect(error([], environment: strings(131_072)) != nil)
        #expect(error(strings(8191), limit: 4096) == nil)
        #expect(error(strings(8192), limit: 4096) == .tooLarge(size: 131_074, limit: 131_072))
        #expect(error(strings(393_215), limit: .max) == nil)
        #expect(error(strings(393_216), limit: .max) == .tooLarge(size: 6 << 20 | 2, limit: 6 << 20))
    }

    @Test("passes on what the memory refuses", arguments: 0..<60)
    func refusal(writes: Int) throws {
        let arguments = Self.strings(["a", "b"])
        let environment = Self.strings(["C=1"])
        let stack = try InitialStack(
            arguments: arguments.span, environment: environment.span, executablePath: [65].span,
            top: VirtualAddress(Self.top), limit: ByteCount(8 << 20))
        let plan = try ELFBuilder.typical.plan()
        // argc, two pointers and 0, one pointer and 0, twenty pairs, three words below the strings, three strings.
        let needed = 1 + 3 + 2 + 40 + 3 + 3
        do throws(StackPages.Refused) {
            var pages = StackPages()
            pages.writesLeft = writes
            try stack.write(plan, Self.facts, to: &pages)
            #expect(writes >= needed)
        } catch { #expect(writes < needed) }
    }
}
