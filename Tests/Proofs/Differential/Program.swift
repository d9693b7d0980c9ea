import FakeMachine
import Foundation

/// One operation, and whether each allocation in it is made to fail first.
struct Step: Codable {
    var operation: Operation
    var isStarved: Bool
}

/// A machine and what happens on it: all that a run depends on.
struct Program: Codable {
    /// The machine of a run.
    struct Setting: Codable {
        var seed: UInt64
        var frames: UInt64
        var asidBits: Int
        /// Whether the walker sets access and dirty flags itself, at random between any two steps of the kernel.
        var hasHardwareFlags: Bool
        /// Which translation a CPU uses where several are possible: remembered, the longest stale, or a fresh walk.
        var remembers: Int
        /// ASIDs used up before the first process.
        var usedASIDs: Int
        /// Hot frames, at most: few, so that frames are merged.
        var hotLimit: UInt64

        init(seed: UInt64) {
            var random = SplitMix(seed: seed)
            self.seed = seed
            frames = [220, 400, 1500, 1500][Int(random.next() % 4)]
            asidBits = random.next() % 3 > 0 ? 8 : 16
            hasHardwareFlags = random.next() % 2 == 0
            remembers = Int(random.next() % 3)
            usedASIDs = asidBits == 8 ? Int(random.next() % 255) : 0
            hotLimit = [64, 64, 1 << 16][Int(random.next() % 3)]
        }

        var options: FakeMachine.Options {
            FakeMachine.Options(
                asidBits: asidBits, setsAccessFlag: hasHardwareFlags, setsDirtyState: hasHardwareFlags,
                interferenceSeed: hasHardwareFlags ? seed : nil)
        }

        var memory: FakeCPU.Memory { [.remembering, .adversarial, .fresh][remembers] }
    }

    var setting: Setting
    var steps: [Step]

    /// One line for the setting, and one for each step.
    var listing: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func line(_ value: some Encodable) -> String {
            (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
        }
        return ([line(setting)] + steps.map { line($0) }).joined(separator: "\n") + "\n"
    }

    init(setting: Setting, steps: [Step] = []) {
        self.setting = setting
        self.steps = steps
    }

    /// The program that a listing shows.
    init(listing: String) throws {
        let lines = listing.split(separator: "\n").filter { !$0.hasPrefix("#") }
        guard let first = lines.first else { throw Disagreement("an empty listing") }
        let decoder = JSONDecoder()
        setting = try decoder.decode(Setting.self, from: Data(first.utf8))
        steps = try lines.dropFirst().map { try decoder.decode(Step.self, from: Data($0.utf8)) }
    }
}
