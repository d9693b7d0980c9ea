import Formats

/// What the kernel's command line asks for: words separated by spaces.
struct BootOptions {
    /// `log=memory`: log each mapping and the entry that was written for it.
    private(set) var logsMemory = false
    /// `log=calls`: log each system call that fails.
    private(set) var logsCalls = false
    /// `debug=on`: programs may use the debugging interface.
    private(set) var allowsDebugging = false
    /// `aslr=on`: programs begin at random places in the high region.
    private(set) var randomisesLayout = false
    /// `overcommit=0`, `1` or `2`: how much memory may be promised, as `vm.overcommit_memory` says it on Linux.
    private(set) var overcommit = OvercommitMode.heuristic
    /// `clock=instructions`: the machine's clock counts instructions, one a nanosecond, so that the log may call them so.
    private(set) var countsInstructions = false
    /// `panic=test`: panic as soon as the first program runs, to test the report.
    private(set) var panicsForTest = false
    /// `panic=overflow`: recurse until the kernel stack overflows, to test that it is found.
    private(set) var overflowsForTest = false
    /// There was a word that means nothing; the log says so.
    private(set) var hasUnknownWord = false

    init(_ line: Span<UInt8>) {
        var start = 0
        while start < line.count {
            var end = start
            while end < line.count, line[end] != UInt8(ascii: " ") { end += 1 }
            if end > start { take(line.extracting(start..<end)) }
            start = end + 1
        }
    }

    private mutating func take(_ word: Span<UInt8>) {
        if word.equals("log=memory") {
            logsMemory = true
        } else if word.equals("log=calls") {
            logsCalls = true
        } else if word.equals("debug=on") {
            allowsDebugging = true
        } else if word.equals("aslr=on") {
            randomisesLayout = true
        } else if word.equals("overcommit=0") {
            overcommit = .heuristic
        } else if word.equals("overcommit=1") {
            overcommit = .always
        } else if word.equals("overcommit=2") {
            overcommit = .never
        } else if word.equals("clock=instructions") {
            countsInstructions = true
        } else if word.equals("panic=test") {
            panicsForTest = true
        } else if word.equals("panic=overflow") {
            overflowsForTest = true
        } else {
            hasUnknownWord = true
        }
    }
}
