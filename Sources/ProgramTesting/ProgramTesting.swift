// What the test programs share: checks that are counted, and random numbers that are the same in every run.

public import libakuma

nonisolated(unsafe) private var passed = 0
nonisolated(unsafe) private var failed = 0

/// Notes whether something is so, and says it on the standard error stream if it is not.
public func expect(_ condition: Bool, _ sentence: @autoclosure () -> String) {
    if condition {
        unsafe passed += 1
    } else {
        unsafe failed += 1
        printError("not so: " + sentence())
    }
}

/// Whether nothing was found that is not so.
public var isFine: Bool { unsafe failed == 0 }

/// Ends a test program: says how many checks passed, and exits with 0 if all did, otherwise with 1.
public func finish() -> Never {
    let name = Program.arguments.first ?? "test"
    print("\(name): \(unsafe passed) passed, \(unsafe failed) failed")
    exit(unsafe failed == 0 ? 0 : 1)
}

/// Random numbers by xorshift64*, the same for a seed in every run.
public struct Random {
    private var state: UInt64

    /// A generator for a seed; 0 is taken as 1.
    public init(seed: UInt64) {
        state = seed == 0 ? 1 : seed
        for _ in 0..<8 { _ = next() }
    }

    /// Any 64 bits.
    public mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// A number of 0 … bound − 1.
    public mutating func next(below bound: Int) -> Int { Int(next() >> 33) % bound }

    /// An element of an array that has some.
    public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[next(below: elements.count)] }
}
