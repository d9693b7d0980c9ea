import LinuxABI
import Machine

/// The kernel's copy of an `iovec` array that a program passed: what the call does to the program's memory changes
/// nothing of where it goes on. In pages that lead from one to the next, five at most.
struct VectorList {
    /// Its first page; 0 where there is no vector.
    fileprivate private(set) var first: UInt64 = 0
    /// How many vectors there are.
    let count: UInt64
    /// Bytes in all vectors, as far as one call moves.
    private(set) var total: UInt64 = 0

    /// UIO_MAXIOV (include/uapi/linux/uio.h).
    private static var maximumCount: UInt64 { 1024 }

    /// Copies an array, and looks at each vector before anything is moved (lib/iov_iter.c, __import_iovec).
    /// What is beyond the bytes that one call moves is cut off.
    /// - Parameter ofRunningProgram: whether the vectors are of the running program's own memory, where those that it
    ///   can't name are EFAULT at once.
    /// - Throws: EINVAL, EFAULT, ENOMEM, having kept nothing.
    init(copying array: UInt64, count: UInt64, ofRunningProgram: Bool = true) throws(Errno) {
        guard count <= VectorList.maximumCount else { throw .invalidArgument }
        self.count = count
        do throws(Errno) {
            try copy(UserPointer(array))
            try checkLengths()
            try cut(checkingAddresses: ofRunningProgram)
        } catch {
            giveBack()
            throw error
        }
    }

    private mutating func copy(_ array: UserPointer) throws(Errno) {
        var last: Handle<VectorPage>?
        var index: UInt64 = 0
        while index < count {
            guard let taken = KernelPages.take() else { throw .noMemory }
            let page = VectorPage.at(taken)
            page.value.next = 0
            if let last { last.value.next = taken } else { first = taken }
            last = page
            let inPage = min(count - index, VectorPage.capacity)
            let size = inPage * UInt64(MemoryLayout<IOVector>.stride)
            let source = array.advanced(by: index, of: IOVector.self).address
            guard UserMemory.copyIn(from: source, toKernel: taken + VectorPage.offset, count: size) == 0 else {
                throw .badAddress
            }
            index += inPage
        }
    }

    private func checkLengths() throws(Errno) {
        var place = VectorPlace(self)
        for _ in 0..<count {
            guard Int64(bitPattern: place.vector.count) >= 0 else { throw .invalidArgument }
            place.advance()
        }
    }

    private mutating func cut(checkingAddresses: Bool) throws(Errno) {
        var place = VectorPlace(self)
        for _ in 0..<count {
            let vector = place.vector
            if checkingAddresses { _ = try UserBuffer(checking: vector.base, count: vector.count) }
            let length = min(vector.count, UserBuffer.maximumTransfer - total)
            place.setCount(length)
            total += length
            place.advance()
        }
    }

    /// Gives back the pages.
    mutating func giveBack() {
        while first != 0 {
            let next = VectorPage.at(first).value.next
            KernelPages.giveBack(first)
            first = next
        }
    }
}

/// Vectors in a page, and the address of the page with those that follow.
private struct VectorPage: BitwiseCopyable {
    static var capacity: UInt64 { 255 }
    /// Where the first vector lies.
    static var offset: UInt64 { 8 }

    var next: UInt64
    var vectors: InlineArray<255, IOVector>

    /// The vectors in a page that a list took, which it keeps until it gives them all back.
    static func at(_ page: UInt64) -> Handle<VectorPage> { unsafe Handle(unsafeAddress: page) }
}

/// Where one vector lies in a list.
struct VectorPlace {
    private var page: UInt64
    private var index = 0

    /// The first of a list's vectors.
    init(_ list: VectorList) { self.init(list.first) }

    fileprivate init(_ page: UInt64) { self.page = page }

    /// No vector of any list.
    static var none: VectorPlace { VectorPlace(0) }

    private var handle: Handle<VectorPage> { VectorPage.at(page) }

    var vector: IOVector { handle.value.vectors[index] }

    fileprivate func setCount(_ count: UInt64) { handle.value.vectors[index].count = count }

    /// Goes to the next one.
    mutating func advance() {
        index += 1
        if index < Int(VectorPage.capacity) { return }
        page = handle.value.next
        index = 0
    }
}
