import Formats
import LinuxABI
import Machine

/// PATH_MAX: the longest path, its NUL included (include/uapi/linux/limits.h).
private var maximumPath: Int { 4096 }
/// MAXSYMLINKS (include/linux/namei.h).
private var maximumLinks: Int { 40 }

/// Room for one path, in a frame of its own.
struct PathBuffer: BitwiseCopyable {
    var bytes: InlineArray<4096, UInt8>
}

/// Lends a path that a program passed; ENAMETOOLONG, EFAULT, and ENOENT for an empty one unless it is allowed.
func withPath<Result>(
    _ pointer: UInt64, allowsEmpty: Bool = false, _ body: (Handle<PathBuffer>, Int) throws(Errno) -> Result
) throws(Errno) -> Result {
    try withScratch(PathBuffer.self) { (buffer) throws(Errno) in
        let count = try UserPointer(pointer).loadString(into: buffer, capacity: maximumPath)
        if count == 0 && !allowsEmpty { throw .noSuchFileOrDirectory }
        return try body(buffer, count)
    }
}

/// Finds the node that a path names, component by component, through links.
///
/// - Parameters:
///   - pending: the path; used up on the way.
///   - directory: where a relative path starts.
///   - followsLast: whether a link as the last component is followed.
/// - Throws: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, ENOMEM.
func resolve(
    _ pending: Handle<PathBuffer>, count: Int, from directory: RamdiskNode, followsLast: Bool
) throws(Errno) -> RamdiskNode {
    try withScratch(PathBuffer.self) { (plain) throws(Errno) in
        var walk = PathWalk(pending: pending, pendingCount: count, plain: plain)
        return try walk.run(from: directory, followsLast: followsLast)
    }
}

/// One walk along a path: what is still to come, and the plain path of where it is.
private struct PathWalk {
    let pending: Handle<PathBuffer>
    var pendingCount: Int
    var position = 0
    let plain: Handle<PathBuffer>
    var plainCount = 0
    var linksFollowed = 0

    init(pending: Handle<PathBuffer>, pendingCount: Int, plain: Handle<PathBuffer>) {
        self.pending = pending
        self.pendingCount = pendingCount
        self.plain = plain
    }

    mutating func run(from directory: RamdiskNode, followsLast: Bool) throws(Errno) -> RamdiskNode {
        var node = RamdiskNode.root
        if pendingCount > 0, pending.value.bytes[0] != UInt8(ascii: "/") {
            node = directory
            try copyToPlain(directory.path)
        }
        while let component = nextComponent() {
            guard node.type == .directory else { throw .notDirectory }
            if isDots(component, 1) { continue }
            if isDots(component, 2) {
                removeLastOfPlain()
            } else {
                try appendToPlain(component)
            }
            guard let found = kernel.ramdisk.node(atPlainPath: plain.value.bytes.span.extracting(0..<plainCount)) else {
                throw .noSuchFileOrDirectory
            }
            node = found
            if node.type == .symbolicLink, followsLast || hasMore {
                try follow(node)
                node = .root
                if plainCount > 0,
                    let base = kernel.ramdisk.node(atPlainPath: plain.value.bytes.span.extracting(0..<plainCount))
                {
                    node = base
                }
            }
        }
        // A trailing slash asks for a directory.
        if pendingCount > 0, pending.value.bytes[pendingCount - 1] == UInt8(ascii: "/"), node.type != .directory {
            throw .notDirectory
        }
        return node
    }

    private var hasMore: Bool { position < pendingCount }

    private mutating func nextComponent() -> Range<Int>? {
        while position < pendingCount, pending.value.bytes[position] == UInt8(ascii: "/") { position += 1 }
        let start = position
        while position < pendingCount, pending.value.bytes[position] != UInt8(ascii: "/") { position += 1 }
        return start == position ? nil : start..<position
    }

    private func isDots(_ component: Range<Int>, _ count: Int) -> Bool {
        guard component.count == count else { return false }
        for index in component where pending.value.bytes[index] != UInt8(ascii: ".") { return false }
        return true
    }

    private mutating func appendToPlain(_ component: Range<Int>) throws(Errno) {
        guard component.count <= 255, plainCount + 1 + component.count < maximumPath else { throw .fileNameTooLong }
        if plainCount > 0 {
            plain.value.bytes[plainCount] = UInt8(ascii: "/")
            plainCount += 1
        }
        for index in component {
            plain.value.bytes[plainCount] = pending.value.bytes[index]
            plainCount += 1
        }
    }

    private mutating func removeLastOfPlain() {
        while plainCount > 0 {
            plainCount -= 1
            if plain.value.bytes[plainCount] == UInt8(ascii: "/") { return }
        }
    }

    private mutating func copyToPlain(_ range: ByteRange) throws(Errno) {
        let bytes = kernel.ramdisk.bytes(range)
        guard bytes.count < maximumPath else { throw .fileNameTooLong }
        for index in bytes.indices { plain.value.bytes[index] = bytes[index] }
        plainCount = bytes.count
    }

    /// Puts a link's target in the place of the link, before what is still to come.
    private mutating func follow(_ link: RamdiskNode) throws(Errno) {
        linksFollowed += 1
        guard linksFollowed <= maximumLinks else { throw .tooManySymbolicLinkLevels }
        let target = kernel.ramdisk.bytes(link.content)
        guard target.count > 0 else { throw .noSuchFileOrDirectory }
        let rest = pendingCount - position
        guard target.count + rest < maximumPath else { throw .fileNameTooLong }
        // Both may overlap: move the rest to its new place from the end that is safe.
        if target.count < position {
            for index in 0..<rest { pending.value.bytes[target.count + index] = pending.value.bytes[position + index] }
        } else {
            for index in (0..<rest).reversed() {
                pending.value.bytes[target.count + index] = pending.value.bytes[position + index]
            }
        }
        for index in target.indices { pending.value.bytes[index] = target[index] }
        pendingCount = target.count + rest
        position = 0
        removeLastOfPlain()
        if target[0] == UInt8(ascii: "/") { plainCount = 0 }
    }
}
