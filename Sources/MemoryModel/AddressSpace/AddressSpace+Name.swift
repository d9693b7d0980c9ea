/// Names of mappings.
extension AddressSpace {
    /// Gives the private anonymous memory of a range a name, or takes its name away.
    ///
    /// Which error wins follows Linux kernel/sys.c (`prctl_set_vma`) and mm/madvise.c (`madvise_set_anon_name`). What lies
    /// before the first page that refuses is named all the same, and holes are told of at the end.
    ///
    /// - Parameter start: as the program gave it; a tag is part of the address.
    /// - Throws: ``MapError/outOfMemory`` where there is no room for the name, or a part of the range is not mapped;
    ///   ``MapError/invalidArgument`` where `start` is not page-aligned, or the range wraps; ``MapError/badFile`` where it
    ///   has a page of an object; ``MapError/tryAgain``, with nothing changed, where a frame for a table or an attribute
    ///   class is lacking.
    public mutating func setName(
        _ name: MappingName?, of start: VirtualAddress, length: ByteCount, frames: inout FrameAllocator<M>
    ) throws(MapError) {
        var place: NamePlace?
        if let name { place = try self.place(of: name) }
        guard start.isPageAligned, let length = length.roundedUpToPages,
            let range = VirtualRange(start, length: length)
        else { throw .invalidArgument }
        try apply(.naming(place), over: range, frames: &frames)
    }

    /// The name of a run's pages; nil where they have none.
    public func name(of run: MappedRun) -> MappingName? { run.attributes.name.map { attributes.name(at: $0) } }

    /// Where the name lies from now on, among those that pages have.
    private mutating func place(of name: MappingName) throws(MapError) -> NamePlace {
        if let place = attributes.place(of: name) { return place }
        sweepClasses()
        attributes.sweepNames()
        guard let place = attributes.place(of: name) else { throw .outOfMemory }
        return place
    }
}
