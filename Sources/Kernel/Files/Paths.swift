import Formats
import LinuxABI
import Machine

/// PATH_MAX: the longest path, its NUL included (include/uapi/linux/limits.h).
private var maximumPath: Int { 4096 }
/// NAME_MAX: the longest name (include/uapi/linux/limits.h).
private var maximumName: Int { 255 }
/// MAXSYMLINKS (include/linux/namei.h).
private var maximumLinks: Int { 40 }

/// Room for one path, in a frame of its own.
struct PathBuffer: BitwiseCopyable {
    var bytes: InlineArray<4096, UInt8>
}

/// Lends a path that a program passed; EFAULT, ENAMETOOLONG or another error for a longer one, and ENOENT for an empty
/// one unless it is allowed.
func withPath<Result>(
    _ pointer: UInt64, allowsEmpty: Bool = false, tooLong: Errno = .fileNameTooLong,
    _ body: (Handle<PathBuffer>, Int) throws(Errno) -> Result
) throws(Errno) -> Result {
    try withScratch(PathBuffer.self) { (buffer) throws(Errno) in
        let count: Int
        do throws(Errno) {
            count = try UserPointer(pointer).loadString(into: buffer, capacity: maximumPath)
        } catch {
            throw error == .fileNameTooLong ? tooLong : error
        }
        if count == 0 && !allowsEmpty { throw .noSuchFileOrDirectory }
        return try body(buffer, count)
    }
}

/// Finds what a path names, component by component, through links.
///
/// - Parameters:
///   - path: used up on the way.
///   - directory: where a relative path starts.
///   - followsLast: whether a link as the last component is followed; a slash behind it follows it in any case.
/// - Throws: ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG.
func resolve(
    _ path: Handle<PathBuffer>, count: Int, from directory: Handle<Inode>, followsLast: Bool
) throws(Errno) -> Handle<Inode> {
    var walk = PathWalk(path, count: count, from: directory)
    return try walk.finish(followsLast: followsLast)
}

/// The last component of a path.
enum LastComponent {
    /// There is none: the path names the directory it starts at.
    case none
    case dot
    case dotDot
    /// Where the name is in the path.
    case name(Range<Int>)
}

/// One walk along a path: what is still to come, and the directory that it has reached.
struct PathWalk {
    private let path: Handle<PathBuffer>
    private var count: Int
    private var position = 0
    private var linksFollowed = 0
    /// Where the next component is looked up. It need not be a directory as long as nothing is.
    private(set) var directory: Handle<Inode>
    /// A slash follows the last component.
    private(set) var endsWithSlash = false

    init(_ path: Handle<PathBuffer>, count: Int, from directory: Handle<Inode>) {
        self.path = path
        self.count = count
        let isAbsolute = count > 0 && path.value.bytes[0] == UInt8(ascii: "/")
        self.directory = isAbsolute ? fileSystem.root : directory
    }

    /// Goes to the directory that has the last component, through links.
    mutating func goToLast() throws(Errno) -> LastComponent {
        while true {
            skipSlashes()
            let start = position
            while position < count, path.value.bytes[position] != UInt8(ascii: "/") { position += 1 }
            let component = start..<position
            if component.isEmpty {
                // Behind a link that led to a file itself nothing but slashes may be left.
                endsWithSlash = start > 0 && path.value.bytes[start - 1] == UInt8(ascii: "/")
                return .none
            }
            guard directory.value.isDirectory else { throw .notDirectory }
            skipSlashes()
            let dots = isDots(component) ? component.count : 0
            if dots > 0 { try directory.checkProcess() }
            if position == count {
                endsWithSlash = component.upperBound < count
                return dots == 1 ? .dot : dots == 2 ? .dotDot : .name(component)
            }
            switch dots {
            case 1: break
            case 2: directory = directory.parentDirectory
            default:
                guard let found = try find(component) else { throw .noSuchFileOrDirectory }
                if found.value.type == .symbolicLink { try follow(found) } else { directory = found }
            }
        }
    }

    /// Goes to the end of the path.
    mutating func finish(followsLast: Bool) throws(Errno) -> Handle<Inode> {
        while true {
            let last = try goToLast()
            let found: Handle<Inode>
            switch last {
            case .none, .dot: found = directory
            case .dotDot: found = directory.parentDirectory
            case .name(let name):
                guard let inode = try find(name) else { throw .noSuchFileOrDirectory }
                if inode.value.type == .symbolicLink, followsLast || endsWithSlash {
                    try follow(inode, behind: name)
                    continue
                }
                found = inode
            }
            if endsWithSlash, !found.value.isDirectory { throw .notDirectory }
            return found
        }
    }

    /// The bytes of a name in the path.
    @_lifetime(immortal)
    func bytes(_ name: Range<Int>) -> Span<UInt8> {
        KernelMemory.bytes(at: path.address + UInt64(name.lowerBound), count: UInt64(name.count))
    }

    /// What a name in the current directory leads to; nil where there is no such name. ENAMETOOLONG.
    func find(_ name: Range<Int>) throws(Errno) -> Handle<Inode>? {
        guard let entry = try findEntry(name) else { return nil }
        let inode = entry.value.inode
        if inode.value.name != entry { fileSystem.know(inode, by: entry) }
        return inode
    }

    /// The entry of a name in the current directory; nil where there is none. ENAMETOOLONG.
    func findEntry(_ name: Range<Int>) throws(Errno) -> Handle<DirectoryEntry>? {
        guard name.count <= maximumName else { throw .fileNameTooLong }
        if let entry = fileSystem.entry(bytes(name), in: directory) { return entry }
        guard directory.isKernelsDirectory else { return nil }
        try directory.checkProcess()
        try directory.fill(for: bytes(name))
        return fileSystem.entry(bytes(name), in: directory)
    }

    /// Puts a link's target in the place of the last component, a name that ends where the walk stands or in slashes.
    mutating func follow(_ link: Handle<Inode>, behind name: Range<Int>) throws(Errno) {
        position = name.upperBound
        endsWithSlash = false
        try follow(link)
    }

    /// Puts a link's target in front of what is still to come.
    private mutating func follow(_ link: Handle<Inode>) throws(Errno) {
        linksFollowed += 1
        guard linksFollowed <= maximumLinks else { throw .tooManySymbolicLinkLevels }
        switch link.value.content {
        case .symbolicLink(let text): try replace(by: text.bytes)
        case .proc(let node):
            switch try node.target() {
            case .number(let number): try replace(by: DecimalText(UInt64(number)).bytes)
            // Wherever it lies: there the walk goes on.
            case .file(let file): directory = file
            }
        default: fatalError("the inode is a link")
        }
    }

    /// Puts a text in front of what is still to come.
    private mutating func replace(by target: Span<UInt8>) throws(Errno) {
        guard target.count > 0 else { throw .noSuchFileOrDirectory }
        // The slashes before what is to come were passed: one of them is needed again.
        while position > 0, position < count, path.value.bytes[position] != UInt8(ascii: "/") { position -= 1 }
        let rest = count - position
        guard target.count + rest < maximumPath else { throw .fileNameTooLong }
        // Both may overlap: move the rest to its new place from the end that is safe.
        if target.count < position {
            for index in 0..<rest { path.value.bytes[target.count + index] = path.value.bytes[position + index] }
        } else {
            for index in (0..<rest).reversed() {
                path.value.bytes[target.count + index] = path.value.bytes[position + index]
            }
        }
        for index in target.indices { path.value.bytes[index] = target[index] }
        count = target.count + rest
        position = 0
        if target[0] == UInt8(ascii: "/") { directory = fileSystem.root }
    }

    private mutating func skipSlashes() {
        while position < count, path.value.bytes[position] == UInt8(ascii: "/") { position += 1 }
    }

    private func isDots(_ component: Range<Int>) -> Bool {
        guard component.count <= 2 else { return false }
        for index in component where path.value.bytes[index] != UInt8(ascii: ".") { return false }
        return true
    }
}

extension Handle where T == Inode {
    /// The directory above; the root's is itself.
    var parentDirectory: Handle<Inode> { value.name?.value.directory ?? fileSystem.root }

    /// No name leads to it any more.
    var isDeleted: Bool { value.name.map { $0.value.isDeleted } ?? (self != fileSystem.root) }

    /// Lends the absolute path, with ` (deleted)` behind it where the name is gone (Linux fs/d_path.c).
    /// - Throws: ENOENT where no name is known, ENAMETOOLONG, ENOMEM.
    func withPathText<Result>(_ body: (Span<UInt8>) throws(Errno) -> Result) throws(Errno) -> Result {
        try withScratch(PathBuffer.self) { (buffer) throws(Errno) in
            var writer = PathWriter(buffer: buffer)
            if isDeleted, self != fileSystem.root { try writer.prepend(" (deleted)") }
            var inode = self
            if inode == fileSystem.root { try writer.prepend("/") }
            while inode != fileSystem.root {
                guard let name = inode.value.name else { throw .noSuchFileOrDirectory }
                try writer.prepend(name.value.name.bytes)
                try writer.prepend("/")
                inode = name.value.directory
            }
            return try body(KernelMemory.bytes(at: writer.start, count: writer.count))
        }
    }
}

/// Writes a path from its end.
private struct PathWriter {
    let buffer: Handle<PathBuffer>
    private var position = 4096

    init(buffer: Handle<PathBuffer>) { self.buffer = buffer }

    var start: UInt64 { buffer.address + UInt64(position) }
    var count: UInt64 { UInt64(4096 - position) }

    mutating func prepend(_ text: Span<UInt8>) throws(Errno) {
        // A path with its NUL has 4,096 bytes at most.
        guard text.count < position else { throw .fileNameTooLong }
        position -= text.count
        for index in text.indices { buffer.value.bytes[position + index] = text[index] }
    }

    mutating func prepend(_ text: StaticString) throws(Errno) {
        guard text.utf8CodeUnitCount < position else { throw .fileNameTooLong }
        position -= text.utf8CodeUnitCount
        var place = position
        text.forEachByte { byte in
            buffer.value.bytes[place] = byte
            place += 1
        }
    }
}
