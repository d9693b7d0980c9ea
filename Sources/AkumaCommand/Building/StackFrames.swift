/// How much of its stack each function of the kernel takes, read off its machine code. A kernel stack has 16 KiB, and
/// nobody says when the compiler places a large value there.
struct StackFrames {
    /// Bytes that one function may take.
    static let functionLimit = 6 << 10

    /// Bytes of a kernel stack.
    static let stack = 16 << 10

    /// Bytes that a path of calls may take, from the program's registers on: what leaves 1 KiB for calls through pointers,
    /// which can't be followed.
    static let pathLimit = 15 << 10

    /// A function: where it begins, the bytes that it takes, and where the functions begin that it calls or jumps to.
    struct Function {
        let name: String
        let start: UInt64
        var bytes = 0
        var callees: Set<UInt64> = []
    }

    /// By where they begin.
    private(set) var functions: [UInt64: Function] = [:]

    /// Bytes of a `TrapFrame`, which each exception puts on the stack it finds.
    static let trapFrame = 288

    /// - Parameters:
    ///   - image: the kernel's image, whose first byte is at the address of the first symbol.
    ///   - symbols: what `llvm-nm --defined-only --numeric-sort` writes.
    init(image: [UInt8], symbols: String) {
        let rows = symbols.split(separator: "\n").compactMap { line -> (address: UInt64, isCode: Bool, name: String)? in
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[1] != "A", let address = UInt64(words[0], radix: 16), !Self.isMapping(words[2])
            else { return nil }
            return (address, "tTwW".contains(words[1]), String(words[2]))
        }
        guard let base = rows.first?.address else { return }
        for (row, next) in zip(rows, rows.dropFirst() + [(base + UInt64(image.count), false, "")])
        where row.isCode && row.address < next.address && next.address - base <= UInt64(image.count) {
            var function = Function(name: row.name, start: row.address)
            for offset in stride(from: Int(row.address - base), to: Int(next.address - base) - 3, by: 4) {
                let word = (0..<4).reduce(0 as UInt32) { $0 | UInt32(image[offset + $1]) << UInt32(8 * $1) }
                function.bytes += Self.bytesTaken(by: word)
                if let target = Self.target(of: word, at: base + UInt64(offset)) { function.callees.insert(target) }
            }
            functions[row.address] = function
        }
    }

    /// `$x` and `$d` say where code and data begin (ELF for the Arm 64-bit Architecture, "Mapping symbols").
    private static func isMapping(_ name: Substring) -> Bool { name.hasPrefix("$x") || name.hasPrefix("$d") }

    /// The bytes by which an instruction lowers the stack pointer (Arm ARM C6.2: SUB immediate, STP and STR pre-index).
    static func bytesTaken(by word: UInt32) -> Int {
        if word & 0xFF80_03FF == 0xD100_03FF {
            let immediate = Int(word >> 10 & 0xFFF)
            return word & 1 << 22 == 0 ? immediate : immediate << 12
        }
        if word & 0xFFC0_03E0 == 0xA980_03E0 {
            let immediate = Int(word >> 15 & 0x7F)
            return immediate >= 64 ? (128 - immediate) * 8 : 0
        }
        if word & 0xFFE0_0FE0 == 0xF800_0FE0 {
            let immediate = Int(word >> 12 & 0x1FF)
            return immediate >= 256 ? 512 - immediate : 0
        }
        return 0
    }

    /// Where a `bl` or `b` goes.
    static func target(of word: UInt32, at address: UInt64) -> UInt64? {
        guard word & 0x7C00_0000 == 0x1400_0000 else { return nil }
        let offset = Int64(Int32(bitPattern: word << 6) >> 6) * 4
        return UInt64(bitPattern: Int64(bitPattern: address) + offset)
    }

    /// The path of calls that takes most, from the entries for a program's calls and exceptions on.
    ///
    /// What touches a program's memory may fault there, and the fault is handled on the same stack.
    func deepestPath() -> (bytes: Int, functions: [Function]) {
        let fault = functions.values.first { $0.name == "akuma_kernel_exception" }?.start
        var known: [UInt64: (bytes: Int, path: [UInt64])] = [:]
        func depth(of start: UInt64) -> (bytes: Int, path: [UInt64]) {
            if let known = known[start] { return known }
            guard let function = functions[start] else { return (0, []) }
            // A function that is being looked at: recursion is followed once.
            known[start] = (0, [])
            var callees = function.callees.subtracting([start])
            var bytes = function.bytes
            if let fault, Self.touchesProgram(function.name) {
                callees.insert(fault)
                bytes += Self.trapFrame
            }
            var deepest: (bytes: Int, path: [UInt64]) = (0, [])
            for callee in callees.sorted() {
                let found = depth(of: callee)
                if found.bytes > deepest.bytes { deepest = found }
            }
            deepest = (bytes + deepest.bytes, [start] + deepest.path)
            known[start] = deepest
            return deepest
        }
        let entries = ["akuma_system_call", "akuma_user_exception", "akuma_user_interrupt"]
        var deepest: (bytes: Int, path: [UInt64]) = (0, [])
        for entry in functions.values where entries.contains(entry.name) {
            let found = depth(of: entry.start)
            if found.bytes > deepest.bytes { deepest = found }
        }
        return (deepest.bytes + Self.trapFrame, deepest.path.compactMap { functions[$0] })
    }

    /// The routines of `usercopy.S`.
    private static func touchesProgram(_ name: String) -> Bool {
        ["akuma_copy_", "akuma_clear_user", "akuma_user_load", "akuma_user_store"].contains(where: name.hasPrefix)
            && name != "akuma_copy_page"
    }

    /// What takes more than it may; nil where nothing does.
    func complaint() -> String? {
        let large = functions.values.filter { $0.bytes > Self.functionLimit }.sorted { $0.bytes > $1.bytes }
        if let worst = large.first {
            return "\(worst.name) takes \(worst.bytes) bytes of its stack; a function may take \(Self.functionLimit)"
        }
        let (bytes, path) = deepestPath()
        guard bytes > Self.pathLimit else { return nil }
        let lines = path.map { "  \($0.bytes) \($0.name)" }.joined(separator: "\n")
        return "a path of calls takes \(bytes) bytes of a kernel stack; it may take \(Self.pathLimit):\n\(lines)"
    }
}
