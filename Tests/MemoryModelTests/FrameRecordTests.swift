import MemoryModel
import Testing

@Suite("A frame record")
struct FrameRecordTests {
    static let stateFields = [
        FrameRecord.State.count, FrameRecord.State.kind, FrameRecord.State.order, FrameRecord.State.forkSpecial,
    ]
    static let detailFields = [
        [FrameRecord.Links.previous, FrameRecord.Links.next],
        [FrameRecord.Origin.page, FrameRecord.Origin.object],
        [TableRecord.entriesInUseField, TableRecord.residentField, TableRecord.longestFreeRunField],
    ]

    @Test("is 16 bytes")
    func size() {
        #expect(MemoryLayout<FrameRecord>.size == 16)
        #expect(FrameRecord.size == ByteCount(16))
    }

    @Test("has fields that do not overlap", arguments: [stateFields] + detailFields)
    func disjoint(fields: [BitField]) {
        var seen: UInt64 = 0
        for field in fields {
            #expect(field.shift + field.width <= 64)
            #expect(seen & field.mask == 0, "\(field.name)")
            seen |= field.mask
        }
    }

    @Test("keeps each field's extreme values and leaves the others alone", arguments: [stateFields] + detailFields)
    func roundTrip(fields: [BitField]) {
        for field in fields {
            for value in [0, 1, field.maximum] {
                for background in [0, UInt64.max] {
                    var word = background
                    field.set(value, in: &word)
                    #expect(field.value(in: word) == value)
                    #expect(word & ~field.mask == background & ~field.mask)
                    #expect(field.value(in: field.word(value)) == value)
                }
            }
        }
    }

    @Test("refuses a value that does not fit its field")
    func tooGreat() async {
        await #expect(processExitsWith: .failure) { _ = FrameRecord.State.order.word(32) }
        await #expect(processExitsWith: .failure) {
            var record = TableRecord.empty
            record.resident = -1
        }
    }

    @Test("counts a table's entries up to 8,192, the largest granule's")
    func tableCounts() {
        var record = TableRecord.empty
        #expect(record.longestFreeRun == Granule.entriesPerTable)
        #expect(record.entriesInUse == 0 && record.resident == 0)
        record.entriesInUse = 8192
        record.resident = 8191
        record.longestFreeRun = 8189
        #expect(record.entriesInUse == 8192 && record.resident == 8191)
        #expect(record.longestFreeRun == 8189)
        record.entriesInUse -= 8192
        #expect(record.entriesInUse == 0 && record.resident == 8191)
    }

    @Test("says of a cleared word that the frame is reserved")
    func cleared() {
        let record = FrameRecord(state: 0, detail: 0)
        #expect(record.kind == .reserved && record.count == 0 && record.order == 0)
    }

    @Test("describes itself by the fields that its kind has")
    func dump() {
        func names(_ kind: FrameKind) -> [String] {
            var names: [String] = []
            FrameRecord.owned(kind, order: 3).forEachField { field, value in
                names.append("\(field.name)")
                if "\(field.name)" == "order" { #expect(value == 3) }
                if "\(field.name)" == "kind" { #expect(value == UInt64(kind.rawValue)) }
            }
            return names
        }
        let common = ["count", "kind", "order"]
        for kind in [FrameKind.reserved, .kernel, .anonymous, .zero] { #expect(names(kind) == common) }
        for kind in [FrameKind.free, .hot, .retired] { #expect(names(kind) == common + ["previous", "next"]) }
        for kind in [FrameKind.cachedFilePage, .copiedFilePage] {
            #expect(names(kind) == common + ["dirty", "unbacked", "page", "object"])
        }
        let counts = ["fork-special", "in use", "resident", "longest free run", "names objects"]
        #expect(names(.table) == common + counts)
    }

    @Test("of no known kind is a trap")
    func unknownKind() async {
        await #expect(processExitsWith: .failure) { _ = FrameRecord(state: 31 << 32, detail: 0).kind }
    }

    @Test("names an object of 20 bits and traps on more")
    func origin() async {
        #expect(FrameOrigin(object: 0xF_FFFF, page: .max).object == 0xF_FFFF)
        await #expect(processExitsWith: .failure) { _ = FrameOrigin(object: 0x10_0000, page: 0) }
    }
}
