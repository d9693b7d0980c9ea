/// The record of a run: consecutive pages of a region, cut into equal objects.
@safe struct Run {
    /// One bit for each object, set if it is free. 256 objects are enough for a page of the smallest.
    private var freeObjects: InlineArray<4, UInt64>
    /// Neighbours in the list of runs with a free object.
    var next: UnsafeMutablePointer<Run>?
    var previous: UnsafeMutablePointer<Run>?
    /// Where the pages come from.
    let region: UnsafeMutablePointer<Region>?
    /// The address of the first object.
    let start: UInt
    /// Bytes of an object, a multiple of 16.
    let objectSize: UInt
    let firstPage: UInt8
    let pageCount: UInt8
    private let sizeClassIndex: UInt8
    private let capacity: UInt16
    private(set) var freeCount: UInt16

    /// A run with all objects free.
    init(
        region: UnsafeMutablePointer<Region>, start: UInt, firstPage: UInt8, pageCount: UInt8, objectSize: UInt,
        sizeClass: SizeClass?
    ) {
        unsafe self.region = unsafe region
        self.start = start
        self.firstPage = firstPage
        self.pageCount = pageCount
        self.objectSize = objectSize
        sizeClassIndex = sizeClass.map { UInt8($0.index) } ?? .max
        capacity = UInt16(UInt(pageCount) * Region.pageSize / objectSize)
        freeCount = capacity
        freeObjects = InlineArray(repeating: 0)
        for word in 0..<4 {
            let objects = min(max(Int(capacity) - 64 * word, 0), 64)
            freeObjects[word] = objects == 0 ? 0 : .max >> UInt64(64 - objects)
        }
    }

    /// The class of the objects; nil for a run that is one block of whole pages.
    var sizeClass: SizeClass? {
        sizeClassIndex == .max ? nil : SizeClass(index: Int(sizeClassIndex))
    }

    var isEmpty: Bool { freeCount == capacity }

    /// Hands out the free object with the lowest address. There must be one.
    mutating func takeObject() -> UnsafeMutableRawPointer? {
        for word in 0..<4 where freeObjects[word] != 0 {
            let bit = freeObjects[word].trailingZeroBitCount
            freeObjects[word] &= freeObjects[word] &- 1
            freeCount -= 1
            return unsafe UnsafeMutableRawPointer(bitPattern: start + UInt(word * 64 + bit) * objectSize)
        }
        return nil
    }

    /// Takes an object back; ends the program unless one starts there and is in use.
    mutating func returnObject(at address: UInt) {
        let (object, rest) = (address - start).quotientAndRemainder(dividingBy: objectSize)
        guard rest == 0, object < capacity else { fail(.insideBlock(address)) }
        let bit = UInt64(1) << UInt64(object % 64)
        guard freeObjects[Int(object / 64)] & bit == 0 else { fail(.freedTwice(address)) }
        freeObjects[Int(object / 64)] |= bit
        freeCount += 1
    }
}
