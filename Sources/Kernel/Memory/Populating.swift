import LinuxABI
import Machine
import MemoryModel

/// How populating a range ended.
enum PopulatingOutcome {
    case done
    /// A signal is pending that ends the program.
    case interrupted
    case failed(FaultError)
}

/// Gives each page of a range its frame, as ``AddressSpace/populate(from:for:passingErrors:limit:frames:)`` says: in
/// pieces, between which others run and a fatal signal ends it, whatever the size of the range (Linux mm/gup.c,
/// __get_user_pages: fatal_signal_pending).
func populate(
    _ range: VirtualRange, of space: Handle<ProgramSpace>, for purpose: AddressSpace<RealMachine>.Populating,
    passingErrors: Bool
) -> PopulatingOutcome {
    var start = range.start
    while start < range.end {
        if Thread.current.value.hasFatalSignal { return .interrupted }
        // Exact for what follows: nobody else has a turn before it is done.
        if kernel.overcommit == .never { countPromisable() }
        do throws(FaultError) {
            start = try kernel.frames.withLock { (frames) throws(FaultError) in
                try space.value.memory.populate(
                    from: VirtualRange(start, to: range.end), for: purpose, passingErrors: passingErrors, limit: 256,
                    frames: &frames)
            }
        } catch {
            return .failed(error)
        }
        giveTurnIfOver()
    }
    return .done
}

/// Populates pages of the running program that were mapped or locked, and tells nobody of those that could not be
/// (mm/gup.c, mm_populate).
func populateAsFarAsPossible(_ range: VirtualRange) {
    _ = populate(range, of: Process.current.value.memory, for: .mapping, passingErrors: true)
}
