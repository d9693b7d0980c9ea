// Stresses the allocator: random sizes and alignments, each block filled with a pattern of its own and checked before
// it is freed. `test-allocator double|inside|wild` makes the mistake of that name, and must die of SIGABRT.

import libakuma

@safe struct Block {
    let start: UnsafeMutableRawPointer
    let count: Int
    let pattern: UInt8
}

/// A random number generator that is the same in every run (xorshift64*).
struct Random {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

func check(_ condition: Bool, _ sentence: String) {
    if condition { return }
    printError("test-allocator: not so:", sentence)
    exit(1)
}

func allocate(_ count: Int, alignment: Int, pattern: UInt8) -> Block {
    let start = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: alignment)
    check(UInt(bitPattern: start) % UInt(alignment) == 0, "a block is aligned to \(alignment)")
    unsafe start.initializeMemory(as: UInt8.self, repeating: pattern, count: count)
    return unsafe Block(start: start, count: count, pattern: pattern)
}

func free(_ block: Block) {
    for offset in 0..<block.count {
        let byte = unsafe block.start.load(fromByteOffset: offset, as: UInt8.self)
        if byte != block.pattern { check(false, "byte \(offset) of a block of \(block.count) kept its value") }
    }
    unsafe block.start.deallocate()
}

func makeMistake(_ name: String) {
    let block = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 16)
    switch name {
    case "double":
        unsafe block.deallocate()
        unsafe block.deallocate()
    case "inside": unsafe (block + 16).deallocate()
    case "large":
        let large = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 16)
        unsafe large.deallocate()
        unsafe large.deallocate()
    default: unsafe UnsafeMutableRawPointer(bitPattern: 0x1234_5000)!.deallocate()
    }
    check(false, "the mistake was found")
}

if Program.arguments.count > 1 { makeMistake(Program.arguments[1]) }

let before = AllocatorStatistics.current
var random = Random(state: 42)
var blocks: [Block] = []

// Small and medium blocks, in random order, with at most 500 alive.
for round in 0..<40_000 {
    if blocks.count < 500 && random.next(below: 3) > 0 {
        let limit = [64, 512, 4096, 100_000][random.next(below: 4)]
        let alignment = 8 << random.next(below: random.next(below: 50) == 0 ? 12 : 4)
        blocks.append(
            allocate(1 + random.next(below: min(limit, round % 10 == 0 ? limit : 2048)), alignment: alignment,
                pattern: UInt8(truncatingIfNeeded: round)))
    } else if !blocks.isEmpty {
        let last = blocks.count - 1
        blocks.swapAt(random.next(below: blocks.count), last)
        free(blocks.removeLast())
    }
}
for block in blocks { free(block) }
blocks = []
check(AllocatorStatistics.current.blocksInUse == before.blocksInUse, "all blocks were given back")
check(AllocatorStatistics.current.regions <= before.regions + 2, "empty regions went back to the kernel")

// Blocks that do not overlap: all of one class alive at once, across many runs and regions.
for size in [16, 48, 320, 2048, 5000, 40_000] {
    var all: [Block] = []
    let count = min(4000, 3_000_000 / size)
    for index in 0..<count { all.append(allocate(size, alignment: 16, pattern: UInt8(index % 251))) }
    for block in all { free(block) }
}
check(AllocatorStatistics.current.regions <= before.regions + 2, "empty regions went back to the kernel, again")

// Large blocks are mappings: gone when freed, aligned when asked, and their number is not limited.
for alignment in [16, 4096, 65_536, 1 << 20] {
    let block = allocate(300_000, alignment: alignment, pattern: 7)
    check(AllocatorStatistics.current.largeBytes >= 300_000, "a large block is a mapping of its own")
    free(block)
    check(AllocatorStatistics.current.largeBytes == before.largeBytes, "a freed large block is unmapped")
}
var large: [Block] = []
for index in 0..<600 { large.append(allocate(70_000, alignment: 16, pattern: UInt8(index % 251))) }
for block in large.reversed() { free(block) }
large = []

// Growing an array moves it through every size class and beyond.
var numbers: [Int] = []
for number in 0..<200_000 { numbers.append(number) }
check(numbers.enumerated().allSatisfy { $0.offset == $0.element }, "an array keeps its elements as it grows")
numbers = []

check(AllocatorStatistics.current.blocksInUse == before.blocksInUse, "nothing is left")
print("test-allocator: passed")
