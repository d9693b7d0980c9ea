// How the tour prints what it sees.

import libakuma

/// Findings that contradict the contract.
var surprises = 0

func heading(_ text: String) {
    print()
    print(text)
}

/// A line: what, and what was seen of it; marked if it is not as promised.
func show(_ what: String, _ seen: String, asPromised: Bool = true) {
    if !asPromised { surprises += 1 }
    print(asPromised ? "  " : "! ", what.padded(to: 28), seen, separator: "")
}

/// An address with the table entry behind it.
func showEntry(_ what: String, _ address: UInt) {
    show(what, address.hexadecimal(digits: 8))
    if let entry = Debugger.entry(of: address) { print("      ", entry) }
}

/// What the debugging interface says, in words.
enum Debugger {
    static let isOn = (try? Debugging.frames()) != nil

    /// As in `VA 0x10000000 -> PA 0x48a3c000 | VALID | USER | RW`.
    static func entry(of address: UInt) -> String? {
        guard let found = try? Debugging.translation(of: address) else { return nil }
        let rights = AkumaTranslation.Rights(rawValue: found.rights)
        let letters =
            (rights.contains(.read) ? "R" : "") + (rights.contains(.write) ? "W" : "")
            + (rights.contains(.execute) ? "X" : "")
        let permitted = letters.isEmpty ? "no access" : letters
        let granted = letters.isEmpty ? "" : " | " + letters
        let page = (address & ~0xFFF).hexadecimal(digits: 8)
        switch AkumaTranslation.State(rawValue: found.state) {
        case .resident:
            let frame = found.outputAddress.hexadecimal(digits: 8)
            return "VA \(page) -> PA \(frame) | VALID | USER | \(permitted)"
        case .reservedAnonymous: return "VA \(page) -> reserved, anonymous, no frame yet\(granted)"
        case .reservedFile: return "VA \(page) -> reserved, from a file, no frame yet\(granted)"
        case .residentNoAccess: return "VA \(page) -> kept, but not to be reached | \(permitted)"
        case .kernel: return "VA \(page) -> the kernel's own, EL1 only"
        case .free, nil: return "VA \(page) -> nothing is mapped"
        }
    }

    static func state(of address: UInt) -> AkumaTranslation.State? {
        guard let found = try? Debugging.translation(of: address) else { return nil }
        return AkumaTranslation.State(rawValue: found.state)
    }

    /// The walk, level by level.
    static func showWalk(of address: UInt) {
        guard let found = try? Debugging.translation(of: address) else { return }
        for level in 0..<Int(min(found.levelsUsed, 4)) {
            let index = String(found.indices[level]).rightAligned(to: 3)
            print("      ", "level \(level)", "entry \(index)", found.descriptors[level].hexadecimal(digits: 16))
        }
    }
}
