/// What a translation table's frame record counts, so that accounting and teardown cost tables, not pages.
///
/// Each count holds 0 … 8,192, the entries in a table of the largest granule. Setting one beyond its field traps.
@frozen public struct TableRecord: Hashable, Sendable {
    /// The counts as word 1 of the record holds them.
    public var word: UInt64

    @inlinable public init(word: UInt64) { self.word = word }

    /// A table of free entries. Its longest free run is the whole table.
    @inlinable public static var empty: TableRecord {
        TableRecord(word: longestFreeRunField.word(UInt64(Granule.entriesPerTable)))
    }

    @inlinable public static var entriesInUseField: BitField { BitField("in use", shift: 0, width: 14) }
    @inlinable public static var residentField: BitField { BitField("resident", shift: 14, width: 14) }
    @inlinable public static var longestFreeRunField: BitField { BitField("longest free run", shift: 28, width: 14) }

    @inlinable public static var namesObjectsField: BitField { BitField("names objects", shift: 42, width: 1) }

    @inlinable func get(_ field: BitField) -> Int { Int(truncatingIfNeeded: field.value(in: word)) }

    @inlinable mutating func set(_ field: BitField, _ value: Int) {
        field.set(UInt64(truncatingIfNeeded: value), in: &word)
    }

    /// Entries that are not free.
    @inlinable public var entriesInUse: Int {
        get { get(Self.entriesInUseField) }
        set { set(Self.entriesInUseField, newValue) }
    }

    /// Entries that name a frame.
    @inlinable public var resident: Int {
        get { get(Self.residentField) }
        set { set(Self.residentField, newValue) }
    }

    /// Whether an entry may belong to a mapping of an object: set with the first such entry, and then for good.
    @inlinable public var namesObjects: Bool {
        get { Self.namesObjectsField.isSet(in: word) }
        set { Self.namesObjectsField.set(newValue ? 1 : 0, in: &word) }
    }

    /// Adjacent free entries, at most: what a search for free addresses may find here.
    @inlinable public var longestFreeRun: Int {
        get { get(Self.longestFreeRunField) }
        set { set(Self.longestFreeRunField, newValue) }
    }
}
