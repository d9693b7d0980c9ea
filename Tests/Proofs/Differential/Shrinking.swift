import Foundation

/// Makes a failing program small (delta debugging, Zeller and Hildebrandt 2002): tries to do without ever smaller parts
/// of it, each time in a process of its own.
struct Shrinking {
    var program: Program
    let executable: String
    let file: String

    func fails(_ candidate: Program) -> Bool {
        guard (try? candidate.listing.write(toFile: file, atomically: true, encoding: .utf8)) != nil else { return false }
        return !Worker.succeeds(executable, ["replay", file])
    }

    /// Leaves the small program in ``program`` and in the file.
    mutating func shrink() throws {
        var size = max(program.steps.count / 2, 1)
        while true {
            var start = 0
            var isSmaller = false
            while start < program.steps.count {
                var candidate = program
                candidate.steps.removeSubrange(start..<min(start + size, candidate.steps.count))
                if fails(candidate) {
                    program = candidate
                    isSmaller = true
                } else {
                    start += size
                }
            }
            if size == 1 && !isSmaller { break }
            if size > 1 { size /= 2 }
        }
        simplifySetting()
        try program.listing.write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// A plainer machine, where that fails too.
    private mutating func simplifySetting() {
        let changes: [(inout Program.Setting) -> Void] = [
            { $0.hasHardwareFlags = false }, { $0.remembers = 0 }, { $0.usedASIDs = 0 }, { $0.asidBits = 16 },
            { $0.frames = 3000 }, { $0.hotLimit = 64 },
        ]
        for change in changes {
            var candidate = program
            change(&candidate.setting)
            if fails(candidate) { program = candidate }
        }
    }
}
